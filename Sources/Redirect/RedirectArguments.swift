import KubernetesObjects

/// The flags of `amesh redirect`, for the injector, which writes them, and for the command, which reads them.
package enum RedirectFlag {
  package static let proxyUID = "proxy-uid"
  package static let proxyGID = "proxy-gid"
  package static let outboundPort = "outbound-port"
  package static let inboundPort = "inbound-port"
  package static let mtlsPort = "mtls-port"
  package static let ownPorts = "own-ports"
  package static let inboundPorts = "inbound-ports"
  package static let outboundPorts = "outbound-ports"
  package static let excludeInboundPorts = "exclude-inbound-ports"
  package static let excludeOutboundPorts = "exclude-outbound-ports"
  package static let includeOutboundCIDRs = "include-outbound-cidrs"
  package static let excludeOutboundCIDRs = "exclude-outbound-cidrs"
  package static let excludeInterfaces = "exclude-interfaces"
  package static let excludeUIDs = "exclude-uids"
  package static let excludeGIDs = "exclude-gids"
  package static let dropInvalid = "drop-invalid"
}

/// The options as the words of a command line. Every value comes from a parsed type, so nothing that a user wrote
/// reaches it as text.
extension RedirectOptions {
  /// Who the sidecar is and where it listens.
  package var sidecarArguments: [String] {
    var words = [
      word(RedirectFlag.proxyUID, "\(proxyUID)"),
      word(RedirectFlag.proxyGID, "\(proxyGID)"),
      word(RedirectFlag.outboundPort, "\(outboundPort)"),
      word(RedirectFlag.inboundPort, "\(inboundPort)"),
      word(RedirectFlag.mtlsPort, "\(mtlsPort)"),
    ]
    if ownPorts != RedirectOptions().ownPorts {
      words.append(word(RedirectFlag.ownPorts, ownPorts.map(String.init).joined(separator: ",")))
    }
    return words
  }

  package static func inboundArgument(_ ports: PortSet) -> String { word(RedirectFlag.inboundPorts, ports.text) }

  /// All else, which few Pods differ in.
  package var captureArguments: [String] {
    var words = [word(RedirectFlag.outboundPorts, outboundPorts.text)]
    func add(_ flag: String, _ values: [String]) {
      if !values.isEmpty { words.append(word(flag, values.joined(separator: ","))) }
    }
    add(RedirectFlag.excludeInboundPorts, excludeInboundPorts.map(\.text))
    add(RedirectFlag.excludeOutboundPorts, excludeOutboundPorts.map(\.text))
    add(RedirectFlag.includeOutboundCIDRs, includeOutboundCIDRs.map(\.description))
    add(RedirectFlag.excludeOutboundCIDRs, excludeOutboundCIDRs.map(\.description))
    add(RedirectFlag.excludeInterfaces, excludeInterfaces)
    add(RedirectFlag.excludeUIDs, excludeUIDs.map(String.init))
    add(RedirectFlag.excludeGIDs, excludeGIDs.map(String.init))
    if dropInvalid { words.append("--\(RedirectFlag.dropInvalid)") }
    return words
  }

  package var arguments: [String] {
    sidecarArguments + [Self.inboundArgument(inboundPorts)] + captureArguments
  }
}

private func word(_ flag: String, _ value: String) -> String { "--\(flag)=\(value)" }
