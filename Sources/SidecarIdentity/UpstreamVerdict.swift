import KubernetesObjects
import SPIFFE

/// How an upstream is reached.
enum UpstreamVerdict: Sendable, Hashable {
  case plain
  /// - Parameters:
  ///   - name: that all its endpoints' certificates have, the narrowest.
  ///   - port: of the application on all; nil where they differ, and each has to be told with its endpoint.
  case mutual(name: String, port: Int?)
  /// What goes to the mesh must not go out in plaintext.
  case refused
}

extension UpstreamVerdict {
  /// - Parameter canShow: whether there is a certificate to show.
  init(
    _ upstream: PlainUpstream,
    _ security: SidecarSecurity,
    canShow: Bool,
    standing: (String) -> PeerStanding
  ) {
    guard upstream.secureScheme != nil, !upstream.addresses.isEmpty else {
      self = .plain
      return
    }
    var peers: [Peer] = []
    var (hasPlain, isUnknown) = (false, false)
    for node in upstream.nodes {
      guard let address = node.address else {
        hasPlain = true
        continue
      }
      switch standing(address) {
      case .peer(let peer)
      where peer.takesMutualTLS(for: node.port) && peer.identity.trustDomain == security.trustDomain:
        peers.append(peer)
      case .peer, .outside: hasPlain = true
      case .unknown: isUnknown = true
      }
    }
    let name = Self.commonName(peers)
    if canShow, !hasPlain, !isUnknown, let name, upstream.hasOnePortPerAddress {
      let ports = Set(upstream.nodes.map(\.port))
      self = .mutual(name: name, port: ports.count == 1 ? ports.first : nil)
    } else {
      // Outside of the mesh there is nothing else than plaintext.
      self = security.mode == .strict && (isUnknown || !peers.isEmpty) ? .refused : .plain
    }
  }

  /// Of one ServiceAccount its own name, of several the namespace's, of several namespaces that of all.
  private static func commonName(_ peers: [Peer]) -> String? {
    guard let first = peers.first else { return nil }
    let names = Set(peers.dropFirst().map(\.identity)).subtracting([first.identity]).map { Set($0.dnsNames) }
    return first.identity.dnsNames.first { name in names.allSatisfy { $0.contains(name) } }
  }
}

extension PlainUpstream {
  /// The object that APISIX is given.
  func secured(
    _ verdict: UpstreamVerdict,
    _ certificate: SidecarCertificate?,
    standing: (String) -> PeerStanding
  ) -> [UInt8] {
    switch (verdict, certificate, secureScheme) {
    case (.mutual(let name, let port), .some(let certificate), .some(let scheme)):
      var object = value
      object["scheme"] = .string(scheme)
      object["nodes"] = .array(nodes.map { .object($0.secured(standing, tellsPort: port == nil)) })
      // APISIX keeps connections apart by this text: those that were verified by another name, or where another
      // certificate was shown, are not used again. What stands before a PEM block is not read.
      object["tls"] = [
        "client_cert": .string("\(name)\n\(certificate.chain)"),
        "client_key": .string(certificate.key.privateKey),
      ]
      var labels: JSONObject = [MutualTLSNames.nameLabel: .string(name)]
      if let port { labels[MutualTLSNames.portLabel] = .string("\(port)") }
      object["labels"] = .object(labels)
      if var active = value["checks"]?["active"]?.object {
        // A health check shows no certificate: whether somebody listens is all that it can see.
        active["type"] = "tcp"
        object["checks"]?["active"] = .object(active)
      }
      return JSONValue.object(object).serialized()
    case (.refused, _, _), (.mutual, _, _):
      var object = value
      object["nodes"] = []
      object["checks"] = nil
      return JSONValue.object(object).serialized()
    case (.plain, _, _): return bytes
    }
  }
}

extension PlainUpstream.Node {
  fileprivate func secured(_ standing: (String) -> PeerStanding, tellsPort: Bool) -> JSONObject {
    var node = value
    if tellsPort { node["metadata"] = [MutualTLSNames.portLabel: .string("\(port)")] }
    if let address, case .peer(let peer) = standing(address), let port = peer.mtlsPort {
      node["port"] = .number(JSONNumber(port))
    }
    return node
  }
}
