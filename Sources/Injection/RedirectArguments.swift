import Redirect

/// The command line of `amesh redirect` in the init container.
enum RedirectArguments {
  /// What is the same for every Pod of a mesh; ``inbound(_:)`` and ``captured(_:)`` follow.
  static func fixed(proxy: MeshSettings.Proxy) -> [String] {
    var options = RedirectOptions()
    options.proxyUID = UInt32(clamping: proxy.uid)
    options.proxyGID = UInt32(clamping: proxy.gid)
    options.outboundPort = UInt16(clamping: MeshPorts.outbound)
    options.inboundPort = UInt16(clamping: MeshPorts.inbound)
    options.mtlsPort = UInt16(clamping: MeshPorts.inboundMTLS)
    options.ownPorts = [MeshPorts.metrics, MeshPorts.health].map(UInt16.init(clamping:))
    return ["redirect"] + options.sidecarArguments
  }

  static func inbound(_ ports: PortSet) -> String { RedirectOptions.inboundArgument(ports) }

  static func captured(_ capture: Capture) -> [String] { capture.redirect.captureArguments }
}
