extension RedirectOptions {
  /// What can't be meant, each with what to do. Empty: the rules can be made.
  package var problems: [String] {
    var problems: [String] = []
    let named: [(String, UInt16)] =
      [
        (RedirectFlag.outboundPort, outboundPort), (RedirectFlag.inboundPort, inboundPort),
        (RedirectFlag.mtlsPort, mtlsPort),
      ] + ownPorts.map { (RedirectFlag.ownPorts, $0) }
    for (position, (flag, port)) in named.enumerated() {
      if port == 0 { problems.append("--\(flag): 0 is no port; use 1 to 65535") }
      if let (other, _) = named[..<position].first(where: { $0.1 == port }) {
        problems.append("--\(flag) and --\(other) are both \(port); give each a port of its own")
      }
    }
    for (flag, user) in [(RedirectFlag.proxyUID, proxyUID), (RedirectFlag.proxyGID, proxyGID)] where user == 0 {
      problems.append("--\(flag)=0: everything that runs as root would bypass the sidecar; run it as another")
    }
    return problems
  }

  /// What is done as asked and yet may surprise.
  package var warnings: [String] {
    var warnings: [String] = []
    for (flag, ports) in [(RedirectFlag.inboundPorts, inboundPorts), (RedirectFlag.outboundPorts, outboundPorts)]
    where ports == .all {
      warnings.append("--\(flag)=*: whatever is not HTTP will break; name the ports that speak HTTP instead")
    }
    if case .ports(let ranges) = inboundPorts {
      for port in sidecarPorts where ranges.contains(where: { $0.contains(port) }) {
        warnings.append("--\(RedirectFlag.inboundPorts) names \(port), which is the sidecar's own: it is left alone")
      }
    }
    if capturedInbound.isEmpty, AddressFamily.allCases.allSatisfy({ !capturesOutbound($0) }) {
      warnings.append(
        "nothing is captured; name ports in --\(RedirectFlag.inboundPorts) or --\(RedirectFlag.outboundPorts)"
      )
    }
    return warnings
  }
}
