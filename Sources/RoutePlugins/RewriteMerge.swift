import KubernetesObjects

/// Two configurations of a plugin that rewrites, as one: the mesh's, and a config's that gives way.
enum RewriteMerge {
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  static func merge(_ config: JSONValue, into mesh: JSONValue) -> Result<JSONValue, Refusal> {
    guard var merged = mesh.object, let members = config.object else {
      return .failure(Refusal(description: "it can't be merged with the mesh's own settings"))
    }
    // Under a condition it would take the mesh's part with it.
    for name in ["vars", "_meta"] where members[name] != nil {
      return .failure(Refusal(description: "\(name) would hold for the mesh's own settings too"))
    }
    let isRewritten = members["uri"] != nil || members["regex_uri"] != nil
    // The mesh leaves the path as it is spelled, where nobody rewrites it.
    if isRewritten { merged[spelling] = nil }
    for (name, value) in members where name != "headers" {
      guard let own = merged[name] else {
        if let clash = clashes[name], merged[clash] != nil {
          return .failure(Refusal(description: "the mesh sets \(clash) there itself"))
        }
        merged[name] = value
        continue
      }
      guard own == value else { return .failure(Refusal(description: "the mesh sets \(name) there itself")) }
    }
    if let headers = members["headers"] {
      merged["headers"] = merged["headers"].map { Headers($0).with(Headers(headers)) } ?? headers
    }
    return .success(.object(merged))
  }

  /// What was no rewrite before: without this, APISIX would spell the path anew, though nobody asks for another.
  static func keepingPath(_ config: JSONValue) -> JSONValue {
    guard config["uri"] == nil, config["regex_uri"] == nil, config[spelling] == nil else { return config }
    var kept = config
    kept[spelling] = true
    return kept
  }

  private static let spelling = "use_real_request_uri_unsafe"

  /// Two ways to say one thing.
  private static let clashes = [
    "uri": "regex_uri", "regex_uri": "uri", "body": "filters", "filters": "body",
  ]

  /// What both plugins do to headers: add, then set, then remove.
  private struct Headers {
    /// Lines for a response, names with values for a request.
    private var add: JSONValue?
    private var set = JSONObject()
    private var remove: [String] = []

    /// Either form: operations, or names with the values that they are set to.
    init(_ value: JSONValue) {
      guard let object = value.object else { return }
      let isOperations = ["add", "set", "remove"].contains { name in
        object[name]?.object != nil || object[name]?.array != nil
      }
      guard isOperations else {
        set = object
        return
      }
      add = object["add"]
      set = object["set"]?.object ?? [:]
      remove = object["remove"]?.array?.compactMap(\.string) ?? []
    }

    /// What a config adds to the mesh's.
    func with(_ other: Headers) -> JSONValue {
      var merged = self
      let mine = names
      for (name, value) in other.set where !mine.contains(name.lowercased()) { merged.set[name] = value }
      for name in other.remove where !mine.contains(name.lowercased()) { merged.remove.append(name) }
      switch (add, other.add) {
      case (.array(let lines)?, .array(let more)?):
        merged.add = .array(lines + more.filter { !mine.contains(Self.name(ofLine: $0)) })
      case (nil, .array(let more)?): merged.add = .array(more.filter { !mine.contains(Self.name(ofLine: $0)) })
      case (_, .object(let more)?):
        var object = add?.object ?? [:]
        for (name, value) in more where !mine.contains(name.lowercased()) { object[name] = value }
        merged.add = .object(object)
      default: break
      }
      return merged.value
    }

    /// Of all headers that something is done to, in lower case.
    private var names: Set<String> {
      var names = Set(set.keys.map { $0.lowercased() }).union(remove.map { $0.lowercased() })
      for line in add?.array ?? [] { names.insert(Self.name(ofLine: line)) }
      for name in add?.object?.keys ?? [] { names.insert(name.lowercased()) }
      return names
    }

    private static func name(ofLine line: JSONValue) -> String {
      (line.string ?? "").prefix { $0 != ":" }.lowercased()
    }

    private var value: JSONValue {
      var object = JSONObject()
      if let add, add.array?.isEmpty != true, add.object?.isEmpty != true { object["add"] = add }
      if !set.isEmpty { object["set"] = .object(set) }
      if !remove.isEmpty { object["remove"] = .array(remove.map { .string($0) }) }
      return .object(object)
    }
  }
}
