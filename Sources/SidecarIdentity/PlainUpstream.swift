import KubernetesObjects

/// An upstream as the translation has it: what of it decides about mutual TLS.
struct PlainUpstream: Sendable {
  static let prefix = "/upstreams/"

  struct Node: Sendable {
    var value: JSONObject
    /// As the mesh names it; nil for a host that is no address, or none that another Pod has.
    var address: String?
    var port: Int
  }

  let bytes: [UInt8]
  let value: JSONObject
  let nodes: [Node]
  /// What it is with mutual TLS; nil where it speaks TLS by itself, or something else than HTTP.
  let secureScheme: String?

  /// Nil for what is no upstream.
  init?(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes), let object = value.object, let nodes = object["nodes"]?.array
    else {
      return nil
    }
    self.bytes = bytes
    self.value = object
    self.nodes = nodes.compactMap { node in
      guard let node = node.object, let host = node["host"]?.string, let port = node["port"]?.integer else {
        return nil
      }
      return Node(value: node, address: Self.address(host), port: port)
    }
    guard self.nodes.count == nodes.count else { return nil }
    switch object["scheme"]?.string ?? "http" {
    case "http": secureScheme = "https"
    case "grpc": secureScheme = "grpcs"
    default: secureScheme = nil
    }
  }

  /// Addresses of which it has to be known who is behind them.
  var addresses: Set<String> { secureScheme == nil ? [] : Set(nodes.compactMap(\.address)) }

  /// Whether an address alone says which port of the application is meant: with mutual TLS, all come to one of the mesh's.
  var hasOnePortPerAddress: Bool {
    var ports: [String: Int] = [:]
    return nodes.allSatisfy { node in
      guard let address = node.address else { return false }
      return ports.updateValue(node.port, forKey: address).map { $0 == node.port } ?? true
    }
  }

  private static func address(_ host: String) -> String? {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    guard let address = IPAddress(bare) else { return nil }
    let isLoopback =
      address.bytes.count == 4 ? address.bytes.first == 127 : address.bytes.dropLast().allSatisfy { $0 == 0 }
    return isLoopback ? nil : address.description
  }
}
