/// Paths and queries of the API server.
enum RequestTarget {
  /// `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/SUBRESOURCE`, as far as given.
  static func path(
    _ resource: KubernetesResource,
    namespace: String?,
    name: String? = nil,
    subresource: String? = nil
  ) throws(APIError) -> String {
    var segments = resource.group.isEmpty ? ["api", resource.version] : ["apis", resource.group, resource.version]
    if let namespace {
      guard resource.isNamespaced else { throw .request("\(resource) are in no namespace; leave \(namespace) out") }
      segments += ["namespaces", namespace]
    } else if resource.isNamespaced, name != nil {
      throw .request("\(resource) are in namespaces; say in which one")
    }
    segments.append(resource.plural)
    if let name { segments.append(name) }
    if let subresource { segments += subresource.split(separator: "/").map { String($0) } }
    var path = ""
    for segment in segments { path += "/" + (try escape(segment: segment)) }
    return path
  }

  static func query(_ items: [(String, String)]) -> String {
    items.isEmpty ? "" : "?" + items.map { "\(escape($0))=\(escape($1))" }.joined(separator: "&")
  }

  /// What a path segment of the API server may not be could lead to another path.
  private static func escape(segment: String) throws(APIError) -> String {
    guard !segment.isEmpty, segment != ".", segment != "..", !segment.contains("/"), !segment.contains("%") else {
      throw .request("\"\(segment)\" is no name that an object or namespace can have")
    }
    return escape(segment)
  }

  /// Everything but what RFC 3986 calls unreserved, by its hexadecimal value.
  private static func escape(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = text.utf8.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        [byte]
      default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
