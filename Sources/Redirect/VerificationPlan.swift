/// Which connections show that the rules are in force.
package struct VerificationPlan: Sendable {
  private let options: RedirectOptions

  package init(_ options: RedirectOptions) { self.options = options }

  package var proxyUID: UInt32 { options.proxyUID }
  /// The sidecar's, where redirected connections arrive.
  package var ports: [UInt16] { [options.outboundPort, options.inboundPort] }

  package struct Probe: Sendable, Equatable {
    package var what: String
    package var address: String
    package var port: UInt16
    /// Nil: it must arrive at none of the sidecar's ports.
    package var arrivesAt: UInt16?
    /// Whether it is sent as the sidecar sends.
    package var asProxy = false
  }

  /// - Parameter ownAddress: one of the Pod's, by which others reach it.
  package func probes(_ family: AddressFamily, ownAddress: String?) -> [Probe] {
    outbound(family) + inbound(family, ownAddress)
  }

  /// To addresses of documentation: what is redirected gets nowhere else, what is not gets nowhere at all.
  private func outbound(_ family: AddressFamily) -> [Probe] {
    var probes: [Probe] = []
    if options.capturesOutbound(family), let address = capturedAddress(family) {
      let ports = options.capturedOutbound
      if let port = ports.ranges.first?.first {
        // As root, who is an application too unless excluded.
        if !options.excludeUIDs.contains(0), !options.excludeGIDs.contains(0) {
          probes.append(Probe(what: "captured outbound", address: address, port: port, arrivesAt: options.outboundPort))
        }
        probes.append(Probe(what: "the sidecar's own", address: address, port: port, arrivesAt: nil, asProxy: true))
        probes.append(Probe(what: "loopback", address: family == .ipv4 ? "127.0.0.1" : "::1", port: port))
      }
      if let port = (1...UInt16.max).first(where: { !ports.contains($0) }) {
        probes.append(Probe(what: "uncaptured outbound", address: address, port: port))
      }
    }
    return probes
  }

  private func inbound(_ family: AddressFamily, _ ownAddress: String?) -> [Probe] {
    guard let ownAddress, let port = options.capturedInbound.ranges.first?.first else { return [] }
    return [
      Probe(
        what: "the sidecar's call to its own Pod",
        address: ownAddress,
        port: port,
        arrivesAt: options.inboundPort,
        asProxy: true
      ),
      Probe(what: "the application's call to its own Pod", address: ownAddress, port: port),
    ]
  }

  private func capturedAddress(_ family: AddressFamily) -> String? {
    let included = options.includedDestinations(family)
    let excluded = options.excludedDestinations(family)
    // 192.0.2.1 and 2001:db8::1, or the first that is captured.
    let documentation: UInt128 = family == .ipv4 ? 0xC000_0201 : 0x2001_0DB8 << 96 | 1
    let candidates =
      (included.isEmpty || included.contains { $0.contains(documentation) } ? [documentation] : [])
      + included.flatMap { range in [range.first, range.last] }
    return candidates.first { address in !excluded.contains { $0.contains(address) } }
      .map { AddressText.address($0, family) }
  }
}
