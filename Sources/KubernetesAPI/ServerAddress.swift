import FoundationEssentials

/// Where requests go, in the terms of the HTTP client.
struct ServerAddress: Sendable, Hashable {
  /// What paths are appended to.
  var base: String
  /// Names that are looked up as others: the certificate has to be for the name, the connection goes to the host.
  var overrides: [String: String] = [:]

  init(_ connection: ClusterConnection) throws(ClusterConnectionError) {
    let text = connection.server
    guard var parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
      let scheme = parts.scheme?.lowercased(), scheme == "https" || scheme == "http",
      parts.user == nil, parts.query == nil, parts.fragment == nil
    else { throw ClusterConnectionError("the server \"\(text)\" has to be https://HOST:PORT") }
    if let name = connection.tlsServerName, name != host {
      guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }) else {
        throw ClusterConnectionError("the tls-server-name \"\(name)\" is no host name")
      }
      parts.host = name
      overrides[name] = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }
    guard let base = parts.string else {
      throw ClusterConnectionError("the server \"\(text)\" has to be https://HOST:PORT")
    }
    self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
  }
}
