import KubernetesObjects

/// The command line of `amesh redirect` in the init container. Every value comes from a parsed type, so nothing that
/// a user wrote reaches it as text.
enum RedirectArguments {
  /// What is the same for every Pod of a mesh; ``inbound(_:)`` and ``captured(_:)`` follow.
  static func fixed(proxy: MeshSettings.Proxy) -> [String] {
    [
      "redirect",
      "--proxy-uid=\(proxy.uid)",
      "--proxy-gid=\(proxy.gid)",
      "--outbound-port=\(MeshPorts.outbound)",
      "--inbound-port=\(MeshPorts.inbound)",
      "--mtls-port=\(MeshPorts.inboundMTLS)",
    ]
  }

  static func inbound(_ ports: PortSet) -> String { "--inbound-ports=\(text(ports))" }

  static func captured(_ capture: Capture) -> [String] {
    var arguments = ["--outbound-ports=\(text(capture.outboundPorts))"]
    func add(_ flag: String, _ values: [String]) {
      if !values.isEmpty { arguments.append("--\(flag)=\(values.joined(separator: ","))") }
    }
    add("exclude-inbound-ports", capture.excludeInboundPorts.map(\.text))
    add("exclude-outbound-ports", capture.excludeOutboundPorts.map(\.text))
    add("include-outbound-cidrs", capture.includeOutboundCIDRs.map(\.description))
    add("exclude-outbound-cidrs", capture.excludeOutboundCIDRs.map(\.description))
    add("exclude-interfaces", capture.excludeInterfaces)
    add("exclude-uids", capture.excludeUIDs.map(String.init))
    return arguments
  }

  private static func text(_ ports: PortSet) -> String {
    switch ports {
    case .all: "*"
    case .ports(let ranges): ranges.map(\.text).joined(separator: ",")
    }
  }
}
