import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// Changes of headers, gathered over route, virtual host and configuration in the order in which Envoy makes them.
struct HeaderChanges: Sendable {
  enum Direction: Sendable {
    case request
    case response
  }

  enum Change: Sendable, Hashable {
    case remove
    case set(String)
    case add([String])
  }

  let direction: Direction
  private(set) var names: [String] = []
  private(set) var changes: [String: Change] = [:]

  init(_ direction: Direction) { self.direction = direction }

  var isEmpty: Bool { names.isEmpty }

  /// One level: what is to be removed goes first.
  mutating func apply(
    adding options: [Envoy_Config_Core_V3_HeaderValueOption],
    removing removed: [String],
    notes: inout Notes
  ) {
    for name in removed where isName(name, notes: &notes) { change(name.lowercased(), to: .remove) }
    for option in options where isName(option.header.key, notes: &notes) {
      let name = option.header.key.lowercased()
      let text = option.header.text
      // So it is in Envoy.
      if text.isEmpty, !option.keepEmptyValue { continue }
      guard let value = HeaderFormat.value(text) else {
        notes.add(.headerValue, "\(option.header.key): \(text)")
        continue
      }
      switch option.action {
      case .overwriteIfExistsOrAdd: change(name, to: .set(value))
      case .appendIfExistsOrAdd: append(value, to: name)
      case .addIfAbsent:
        guard let variable = variable(name), !value.contains("}"), !value.contains("??") else {
          notes.add(.headerValue, "\(option.header.key), if absent")
          continue
        }
        change(name, to: .set("${\(variable) ?? \(text)}"))
      case .overwriteIfExists, .UNRECOGNIZED: notes.add(.headerValue, "\(option.header.key), if it exists")
      }
    }
  }

  mutating func set(_ name: String, to value: String) { change(name.lowercased(), to: .set(value)) }

  private func variable(_ name: String) -> String? {
    switch direction {
    case .request: RequestVariable.header(name)
    case .response: RequestVariable.isToken(name) ? "upstream_http_" + name.replacingCharacter("-", with: "_") : nil
    }
  }

  /// The host and what starts with a colon are no headers to APISIX.
  private func isName(_ name: String, notes: inout Notes) -> Bool {
    if RequestVariable.isToken(name), name.lowercased() != "host" { return true }
    notes.add(.headerValue, name)
    return false
  }

  private mutating func change(_ name: String, to change: Change) {
    if changes[name] == nil { names.append(name) }
    changes[name] = change
  }

  private mutating func append(_ value: String, to name: String) {
    switch changes[name] {
    case nil: change(name, to: .add([value]))
    case .add(let values): change(name, to: .add(values + [value]))
    case .set(let first): change(name, to: .set("\(first),\(value)"))
    case .remove: change(name, to: .set(value))
    }
  }

  /// As proxy-rewrite takes it.
  var requestHeaders: JSONValue {
    var add = JSONObject()
    var set = JSONObject()
    var remove: [JSONValue] = []
    for name in names {
      switch changes[name] {
      case .remove: remove.append(.string(name))
      case .set(let value): set[name] = .string(value)
      case .add(let values): add[name] = .string(values.joined(separator: ","))
      case nil: break
      }
    }
    return .object(Self.object(add.isEmpty ? nil : .object(add), set, remove))
  }

  /// For response-rewrite, where what is added is a line whose value has neither a colon nor a slash at its end; other lines
  /// are the sidecar's plugin's.
  func addResponseHeaders(to plugins: inout JSONObject) {
    var add: [JSONValue] = []
    var append: [JSONValue] = []
    var set = JSONObject()
    var remove: [JSONValue] = []
    for name in names {
      switch changes[name] {
      case .remove: remove.append(.string(name))
      case .set(let value): set[name] = .string(value)
      case .add(let values):
        if values.allSatisfy({ !$0.isEmpty && !$0.contains(":") && !$0.hasSuffix("/") }) {
          add += values.map { .string("\(name): \($0)") }
        } else {
          append += values.map { .array([.string(name), .string($0)]) }
        }
      case nil: break
      }
    }
    if !append.isEmpty { plugins.addToSidecarPlugin("append", .array(append)) }
    let rest = Self.object(add.isEmpty ? nil : .array(add), set, remove)
    if !rest.isEmpty { plugins["response-rewrite"] = ["headers": .object(rest)] }
  }

  private static func object(_ add: JSONValue?, _ set: JSONObject, _ remove: [JSONValue]) -> JSONObject {
    var object = JSONObject()
    object["add"] = add
    if !set.isEmpty { object["set"] = .object(set) }
    if !remove.isEmpty { object["remove"] = .array(remove) }
    return object
  }
}

extension Envoy_Config_Core_V3_HeaderValue {
  /// Bytes that are no text are what no line may hold.
  fileprivate var text: String { value.isEmpty ? String(decoding: rawValue, as: UTF8.self) : value }
}

extension Envoy_Config_Core_V3_HeaderValueOption {
  /// The older field says it where it is there.
  fileprivate var action: HeaderAppendAction {
    guard hasAppend else { return appendAction }
    return append.value ? .appendIfExistsOrAdd : .overwriteIfExistsOrAdd
  }
}
