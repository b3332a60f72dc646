import Foundation
import KubernetesObjects
import XDSTranslation

/// What APISIX 3.16 says of its objects and plugins, and what its Lua checks beside.
struct APISIXSchemas {
  private let document: JSONValue

  init() throws {
    let file = Fixtures.directory.appending(path: "schema-3.16.0.json")
    document = try JSONValue(parsing: Array(Data(contentsOf: file)))
  }

  private static let share: JSONValue = [
    "type": "object",
    "required": ["numerator", "denominator"],
    "properties": [
      "numerator": ["type": "integer"], "denominator": ["type": "integer", "minimum": 1],
    ],
  ]

  /// Plugins that were not switched on where the schemas were read; by APISIX's documentation.
  private static let others: [String: JSONValue] = [
    "proxy-mirror": [
      "type": "object",
      "required": ["host"],
      "properties": [
        "host": [
          "type": "string",
          "pattern": #"^(http(s)?|grpc(s)?):\/\/([\da-zA-Z.-]+|\[[\da-fA-F:]+\])(:\d+)?$"#,
        ],
        "sample_ratio": ["type": "number", "minimum": .number(JSONNumber(0)), "maximum": 1],
      ],
    ],
    "amesh": [
      "type": "object",
      "minProperties": 1,
      "additionalProperties": false,
      "properties": [
        "upstream": ["type": "string", "enum": ["original-destination"]],
        "port": ["type": "integer", "minimum": 1, "maximum": 65535],
        "scheme": ["type": "string", "enum": ["https", "grpc", "grpcs"]],
        "retries": ["type": "integer", "minimum": 0],
        "retry_timeout": ["type": "number", "minimum": 0],
        "fault": [
          "type": "object",
          "additionalProperties": false,
          "properties": ["delay": share, "abort": share, "vars": ["type": "array"]],
        ],
        "path": [
          "type": "object",
          "required": ["pattern", "replacement"],
          "additionalProperties": false,
          "properties": ["pattern": ["type": "string"], "replacement": ["type": "string"]],
        ],
        "append": [
          "type": "array",
          "items": ["type": "array", "items": ["type": "string"], "minItems": 2, "maxItems": 2],
        ],
        "host": [
          "type": "object",
          "additionalProperties": false,
          "properties": [
            "header": ["type": "string"], "pattern": ["type": "string"], "replacement": ["type": "string"],
          ],
        ],
      ],
    ],
    "amesh-upstream": ["type": "object", "additionalProperties": false],
  ]

  func problems(_ object: APISIXObject) -> [String] {
    let kinds: [APISIXObject.Kind: String] = [
      .routes: "route", .services: "service", .upstreams: "upstream", .globalRules: "global_rule",
    ]
    var problems: [String] = []
    if let kind = kinds[object.key.kind] {
      guard let schema = document["main"]?[kind] else { return ["no schema of \(kind)"] }
      problems += JSONSchema(schema: schema).problems(object.value)
    }
    for (name, settings) in object.value["plugins"]?.object ?? [:] {
      guard let schema = document["plugins"]?[name]?["schema"] ?? Self.others[name] else {
        problems.append("no schema of the plugin \(name)")
        continue
      }
      problems += JSONSchema(schema: schema).problems(settings, at: name)
      for pattern in settings["regex_uri"]?.array?.enumerated().filter({ $0.offset % 2 == 0 }).map(\.element) ?? []
      where !PCRE.isPattern(pattern.string ?? "") {
        problems.append("\(name): no pattern: \(pattern)")
      }
      if settings["allow_credential"] == true {
        for name in ["allow_origins", "allow_methods", "allow_headers", "expose_headers"] {
          // By default any origin is allowed, though expressions stand beside.
          let value = settings[name] ?? (name == "allow_origins" ? "*" : nil)
          if value == "*" { problems.append("cors: \(name) may not be * with credentials") }
        }
      }
      for name in ["allow_methods", "allow_headers"] where object.value["plugins"]?["cors"]?[name] == nil {
        if object.value["plugins"]?["cors"] != nil { problems.append("cors: \(name) would be *") }
      }
      if let vars = settings["fault"]?["vars"] { problems += Self.expressionProblems(vars) }
      if let pattern = settings["host"]?["pattern"]?.string, !PCRE.isPattern(pattern) {
        problems.append("\(name): no pattern: \(pattern)")
      }
      if let pattern = settings["path"]?["pattern"]?.string, !PCRE.isPattern(pattern) {
        problems.append("\(name): no pattern: \(pattern)")
      }
      for part in ["abort", "delay"] {
        for vars in settings[part]?["vars"]?.array ?? [] { problems += Self.expressionProblems(vars) }
      }
    }
    if let vars = object.value["vars"] { problems += Self.expressionProblems(vars) }
    problems += Self.hashProblems(object.value)
    return problems.map { "\(object.key.path): \($0)" }
  }

  private static func hashProblems(_ upstream: JSONValue) -> [String] {
    guard upstream["type"] == "chash" else { return [] }
    let key = upstream["key"]?.string ?? ""
    let pattern =
      switch upstream["hash_on"]?.string ?? "vars" {
      case "vars":
        "^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname)|arg_[0-9a-zA-z_-]+)$"
      default: "^[a-zA-Z0-9-_]+$"
      }
    return PCRE.finds(pattern, in: key) ? [] : ["chash can't hash \(key)"]
  }

  /// As lua-resty-expr compiles it.
  static func expressionProblems(_ rules: JSONValue, isTop: Bool = true) -> [String] {
    guard let parts = rules.array, let first = parts.first else { return isTop ? [] : ["an empty rule"] }
    if first.array != nil { return parts.flatMap { expressionProblems($0, isTop: false) } }
    let word = first.string ?? ""
    if ["AND", "OR", "!AND", "!OR"].contains(word) {
      return parts.count < 3
        ? ["too few operands of \(word)"]
        : parts.dropFirst().flatMap { expressionProblems($0, isTop: false) }
    }
    if isTop { return ["a rule without brackets: \(word)"] }
    var operands = Array(parts.dropFirst())
    if operands.count == 3, operands.first == "!" { operands.removeFirst() }
    guard operands.count == 2, let operation = operands[0].string else { return ["no operation: \(parts)"] }
    switch operation {
    case "~~", "~*": return PCRE.isPattern(operands[1].string ?? "(") ? [] : ["no pattern: \(operands[1])"]
    case "==", "~=", "in", ">", ">=", "<", "<=": return []
    default: return ["no operator: \(operation)"]
    }
  }
}
