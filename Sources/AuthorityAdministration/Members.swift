import KubernetesObjects

/// The members of a JSON object that came from outside, each read once under its name; errors name the member.
struct Members {
  private let object: JSONObject
  private let what: String

  /// - Parameters:
  ///   - what: the object is, for errors.
  ///   - known: members that it may have; nil where others are passed over, since a newer peer may have sent them.
  init(_ value: JSONValue, _ what: String, knowing known: [String]? = nil) throws(AdministrationError) {
    guard let object = value.object else {
      throw AdministrationError(.badRequest, "\(what) is \(value.kindName); send an object")
    }
    if let known, let other = object.keys.first(where: { !known.contains($0) }) {
      throw AdministrationError(
        .badRequest,
        "\(what) has a member \(other.prefix(64)) that is not known; known are: \(known.joined(separator: ", "))"
      )
    }
    self.object = object
    self.what = what
  }

  init(parsing bytes: [UInt8], _ what: String, knowing known: [String]? = nil) throws(AdministrationError) {
    let value: JSONValue
    do {
      value = try JSONDocument(parsing: bytes, maximumDepth: 16).root.value
    } catch {
      throw AdministrationError(.badRequest, "\(what) is no JSON: \(error)")
    }
    try self.init(value, what, knowing: known)
  }

  func string(_ key: String) throws(AdministrationError) -> String {
    guard let value = try optionalString(key) else { throw wrong(key, "is missing") }
    return value
  }

  func optionalString(_ key: String) throws(AdministrationError) -> String? {
    try optional(key, "a string") { $0.string }
  }

  func integer(_ key: String) throws(AdministrationError) -> Int {
    guard let value = try optionalInteger(key) else { throw wrong(key, "is missing") }
    return value
  }

  func optionalInteger(_ key: String) throws(AdministrationError) -> Int? {
    try optional(key, "a whole number") { $0.integer }
  }

  func optionalFlag(_ key: String) throws(AdministrationError) -> Bool? {
    try optional(key, "true or false") { $0.bool }
  }

  func strings(_ key: String) throws(AdministrationError) -> [String] {
    var strings: [String] = []
    for value in try array(key) {
      guard let string = value.string else { throw wrong(key, "holds \(value.kindName), not only strings") }
      strings.append(string)
    }
    return strings
  }

  func array(_ key: String) throws(AdministrationError) -> [JSONValue] {
    guard let value = try optional(key, "an array", { $0.array }) else { throw wrong(key, "is missing") }
    return value
  }

  func value(_ key: String) throws(AdministrationError) -> JSONValue {
    guard let value = object[key] else { throw wrong(key, "is missing") }
    return value
  }

  func wrong(_ key: String, _ problem: String) -> AdministrationError {
    AdministrationError(.badRequest, "\(what): \(key) \(problem)")
  }

  /// A member that is null is one that is not there.
  private func optional<Value>(
    _ key: String,
    _ expected: String,
    _ read: (JSONValue) -> Value?
  ) throws(AdministrationError) -> Value? {
    guard let member = object[key], !member.isNull else { return nil }
    guard let value = read(member) else { throw wrong(key, "is \(member.kindName), not \(expected)") }
    return value
  }
}
