package import KubernetesObjects

/// An object of the API server, or a document of a file, read as a config: the config where it is one, and all that is
/// wrong with it where it is not.
package struct PluginConfigReading: Sendable, Equatable {
  /// Nil if there are problems.
  package private(set) var config: PluginConfig?
  package private(set) var problems: [PluginConfigProblem] = []

  package init(_ object: JSONValue) {
    let metadata = object["metadata"]
    let key = PluginConfigKey(
      namespace: metadata?["namespace"]?.string ?? "default",
      name: metadata?["name"]?.string ?? ""
    )
    var config = PluginConfig(key: key, plugins: [])
    config.uid = metadata?["uid"]?.string ?? ""
    config.generation = metadata?["generation"]?.integer ?? 1
    config.created = metadata?["creationTimestamp"]?.string ?? ""
    switch object["spec"] {
    case .object(let spec)?: read(spec, into: &config)
    case let other?: refuse("spec", "has to be an object, not \(other.kindName)")
    case nil: refuse("spec", "is missing")
    }
    if problems.isEmpty { self.config = config }
  }

  private mutating func refuse(_ path: String, _ message: String) { problems.append(.init(path, message)) }

  private mutating func read(_ spec: JSONObject, into config: inout PluginConfig) {
    for (field, value) in spec where !value.isNull {
      let path = "spec.\(field)"
      switch field {
      case "plugins":
        config.plugins = list(value, path, atMost: PluginConfigLimits.plugins).compactMap { plugin($0.1, at: $0.0) }
      case "selector":
        do throws(LabelSelectorError) {
          config.selector = try LabelSelector(value)
        } catch {
          refuse(path, error.description)
        }
      case "targets":
        config.targets = list(value, path, atMost: PluginConfigLimits.targets).compactMap {
          target($0.1, at: $0.0, namespace: config.key.namespace)
        }
      case "priority":
        guard let priority = value.integer, PluginConfigLimits.priority.contains(priority) else {
          refuse(path, "has to be a whole number from -1000000 to 1000000")
          continue
        }
        config.priority = priority
      default: refuse(path, "is no field of a spec; it has plugins, selector, targets and priority")
      }
    }
    if config.plugins.isEmpty, problems.isEmpty {
      refuse("spec.plugins", "names no plugin; a config without one does nothing")
    }
    refuseRepeated(config.plugins)
  }

  private mutating func refuseRepeated(_ plugins: [PluginEntry]) {
    var seen: Set<PluginEntry.Key> = []
    for plugin in plugins where !seen.insert(plugin.key).inserted {
      refuse("spec.plugins", "has \(plugin.key) twice; a route has each plugin once")
    }
  }

  // MARK: Plugins

  private mutating func plugin(_ value: JSONValue, at path: String) -> PluginEntry? {
    guard let object = fields(value, path, ["name", "type", "config"]) else { return nil }
    guard let name = object["name"]?.string, !name.isEmpty, name.utf8.count <= PluginConfigLimits.nameBytes else {
      refuse("\(path).name", "has to be the plugin's name, such as response-rewrite")
      return nil
    }
    let type = object["type"]?.unlessNull ?? ""
    guard let phase = type.string.flatMap({ PluginEntry.Phase(rawValue: $0) }) else {
      let text = String(decoding: type.serialized().prefix(80), as: UTF8.self)
      refuse(
        "\(path).type",
        "has to be \"\" for a plugin of APISIX, or pre-req or post-req for the runner's, not \(text)"
      )
      return nil
    }
    let given = object["config"]?.unlessNull ?? (phase == .route ? [:] : "")
    guard let config = config(given, of: phase, at: "\(path).config") else { return nil }
    return PluginEntry(phase, name, config)
  }

  private mutating func config(_ value: JSONValue, of phase: PluginEntry.Phase, at path: String) -> JSONValue? {
    let bytes = value.string.map { Array($0.utf8) } ?? value.serialized()
    guard bytes.count <= PluginConfigLimits.configBytes else {
      refuse(
        path,
        "has \(bytes.count) bytes; at most \(PluginConfigLimits.configBytes) are taken, since each route has them"
      )
      return nil
    }
    guard phase == .route else { return .string(String(decoding: bytes, as: UTF8.self)) }
    switch value {
    case .object: return value
    case .string(let text):
      do throws(JSONError) {
        let parsed = try JSONValue(parsing: bytes)
        if parsed.object != nil { return parsed }
        refuse(path, "has to be a JSON object, not \(parsed.kindName)")
      } catch {
        refuse(path, text.isEmpty ? "is empty; write {} for a plugin without settings" : "is no JSON: \(error)")
      }
    case .null, .bool, .number, .array:
      refuse(path, "has to be an object, or a string that holds one in JSON, not \(value.kindName)")
    }
    return nil
  }

  // MARK: Targets

  private mutating func target(_ value: JSONValue, at path: String, namespace: String) -> PluginTarget? {
    guard let object = fields(value, path, ["services", "hosts", "ports", "direction"]) else { return nil }
    var target = PluginTarget()
    let atMost = PluginConfigLimits.targetValues
    for (field, value) in object where !value.isNull {
      let path = "\(path).\(field)"
      switch field {
      case "services":
        target.services = list(value, path, atMost: atMost).compactMap {
          service($0.1, at: $0.0, namespace: namespace)
        }
      case "hosts": target.hosts = list(value, path, atMost: atMost).compactMap { host($0.1, at: $0.0) }
      case "ports": target.ports = list(value, path, atMost: atMost).compactMap { port($0.1, at: $0.0) }
      default:
        guard let direction = value.string.flatMap(PluginTarget.Direction.init) else {
          refuse(path, "has to be inbound or outbound")
          continue
        }
        target.direction = direction
      }
    }
    if target == PluginTarget() {
      refuse(path, "names nothing; say services, hosts, ports or direction, or leave targets out for every route")
    }
    if !target.services.isEmpty, target.direction == .inbound {
      refuse(
        path,
        "services are those that a Pod calls: leave direction out, or choose the called Pods by the selector"
      )
    }
    return target
  }

  private mutating func service(_ value: JSONValue, at path: String, namespace: String) -> PluginTarget.Service? {
    guard let object = fields(value, path, ["name", "namespace"]) else { return nil }
    let other = object["namespace"]?.unlessNull ?? .string(namespace)
    guard let name = object["name"]?.string, KubernetesName.isLabel(name) else {
      refuse("\(path).name", "has to be the name of a Service")
      return nil
    }
    guard let namespace = other.string, KubernetesName.isLabel(namespace) else {
      refuse("\(path).namespace", "has to be the name of a namespace")
      return nil
    }
    return PluginTarget.Service(namespace: namespace, name: name)
  }

  private mutating func host(_ value: JSONValue, at path: String) -> String? {
    let name = value.string?.lowercased()
    if let name, KubernetesName.isSubdomain(name.hasPrefix("*.") ? String(name.dropFirst(2)) : name) { return name }
    refuse(path, "has to be a host such as shop.example.com or *.example.com, without a port")
    return nil
  }

  private mutating func port(_ value: JSONValue, at path: String) -> Int? {
    if let port = value.integer, (1...65535).contains(port) { return port }
    refuse(path, "has to be a port from 1 to 65535")
    return nil
  }

  // MARK: Shapes

  private mutating func list(_ value: JSONValue, _ path: String, atMost limit: Int) -> [(String, JSONValue)] {
    guard let elements = value.array else {
      refuse(path, "has to be a list, not \(value.kindName)")
      return []
    }
    guard elements.count <= limit else {
      refuse(path, "has \(elements.count) elements; at most \(limit) are taken")
      return []
    }
    return zip(elements.indices, elements).map { ("\(path)[\($0)]", $1) }
  }

  private mutating func fields(_ value: JSONValue, _ path: String, _ known: [String]) -> JSONObject? {
    guard let object = value.object else {
      refuse(path, "has to be an object, not \(value.kindName)")
      return nil
    }
    for key in object.keys where !known.contains(key) {
      refuse(path, "has no field \"\(key.prefix(80))\"; it has \(known.joined(separator: ", "))")
    }
    return object
  }
}

extension JSONValue {
  /// `nil` alone would be JSON's.
  fileprivate var unlessNull: JSONValue? { isNull ? Optional.none : self }
}
