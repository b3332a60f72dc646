import KubernetesObjects

/// Reads a JSON object whose every member must be known. Errors carry the path and no value, which may be a secret.
struct StrictObject {
  let path: String
  private let object: JSONObject

  init(_ value: JSONValue, _ path: String, knowing keys: Set<String>) throws(AuthorityStateError) {
    guard let object = value.object else { throw .wrong(path: path, problem: "is \(value.kindName), not an object") }
    for key in object.keys where !keys.contains(key) {
      throw .wrong(path: Self.child(path, key), problem: "is not known here")
    }
    self.path = path
    self.object = object
  }

  func has(_ key: String) -> Bool { object[key] != nil }

  func value(_ key: String) throws(AuthorityStateError) -> JSONValue {
    guard let value = object[key] else { throw .wrong(path: Self.child(path, key), problem: "is missing") }
    return value
  }

  func string(_ key: String) throws(AuthorityStateError) -> String {
    let value = try value(key)
    guard let string = value.string else { throw wrong(key, "is \(value.kindName), not a string") }
    return string
  }

  func integer(_ key: String) throws(AuthorityStateError) -> Int {
    let value = try value(key)
    guard let integer = value.integer else { throw wrong(key, "is \(value.kindName), not a whole number") }
    // Room to count on.
    guard integer.magnitude < 1 << 53 else { throw wrong(key, "is too large") }
    return integer
  }

  func array(_ key: String, limit: Int) throws(AuthorityStateError) -> [JSONValue] {
    let value = try value(key)
    guard let array = value.array else { throw wrong(key, "is \(value.kindName), not an array") }
    guard array.count <= limit else { throw wrong(key, "has more than \(limit) elements") }
    return array
  }

  func wrong(_ key: String, _ problem: String) -> AuthorityStateError {
    .wrong(path: Self.child(path, key), problem: problem)
  }

  private static func child(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
