import KubernetesObjects

/// Which connections show that the rules are in force.
package struct VerificationPlan: Sendable {
  private let options: RedirectOptions
  private let speaker: Speaker
  private let localAddresses: Set<String>

  /// Who sends what is not sent as the sidecar.
  package struct Speaker: Sendable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
      self.user = user
      self.group = group
    }
  }

  /// - Parameter localAddresses: all that the Pod has; what goes there stays within it.
  package init(
    _ options: RedirectOptions,
    speaker: Speaker = Speaker(user: 0, group: 0),
    localAddresses: Set<String> = []
  ) {
    self.options = options
    self.speaker = speaker
    self.localAddresses = localAddresses
  }

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
    /// Whether it would get out, if it were not redirected.
    package var leavesPod = false
  }

  /// - Parameter ownAddress: one of the Pod's, by which others reach it.
  package func probes(_ family: AddressFamily, ownAddress: String?) -> [Probe] {
    outbound(family) + inbound(family, ownAddress)
  }

  /// To addresses of documentation: what is redirected gets nowhere else, what is not gets nowhere at all.
  private func outbound(_ family: AddressFamily) -> [Probe] {
    var probes: [Probe] = []
    let addresses = capturedAddresses(family)
    if options.capturesOutbound(family), let address = addresses.first {
      let ports = options.capturedOutbound
      if let port = ports.ranges.first?.first {
        if speaksAsApplication, !options.excludeUIDs.contains(speaker.user),
          !options.excludeGIDs.contains(speaker.group)
        {
          probes.append(
            Probe(
              what: "captured outbound",
              address: address,
              port: port,
              arrivesAt: options.outboundPort,
              leavesPod: true
            )
          )
        }
        // Elsewhere: the kernel remembers unanswered calls, and would take the next run's from the same port for one.
        let other = addresses.dropFirst().first ?? address
        probes.append(Probe(what: "the sidecar's own", address: other, port: port, arrivesAt: nil, asProxy: true))
        probes.append(Probe(what: "loopback", address: family == .ipv4 ? "127.0.0.1" : "::1", port: port))
      }
      if let port = (1...UInt16.max).first(where: { !ports.contains($0) }) {
        probes.append(Probe(what: "uncaptured outbound", address: address, port: port))
      }
    }
    return probes
  }

  private var speaksAsApplication: Bool { speaker.user != options.proxyUID && speaker.group != options.proxyGID }

  private func inbound(_ family: AddressFamily, _ ownAddress: String?) -> [Probe] {
    guard let ownAddress, let port = options.capturedInbound.ranges.first?.first else { return [] }
    var probes = [
      Probe(
        what: "the sidecar's call to its own Pod",
        address: ownAddress,
        port: port,
        arrivesAt: options.inboundPort,
        asProxy: true
      )
    ]
    if speaksAsApplication {
      probes.append(Probe(what: "the application's call to its own Pod", address: ownAddress, port: port))
    }
    return probes
  }

  /// 192.0.2.1 and 2001:db8::1 with what is next to them, or the first that are captured.
  private func capturedAddresses(_ family: AddressFamily) -> [String] {
    let included = options.includedDestinations(family)
    let excluded = options.excludedDestinations(family)
    let documentation: UInt128 = family == .ipv4 ? 0xC000_0201 : 0x2001_0DB8 << 96 | 1
    // The ends of a network are often no host's.
    let candidates =
      [documentation, documentation + 1].filter { address in
        included.isEmpty || included.contains { $0.contains(address) }
      }
      + included.flatMap { range in [range.first ^ 1, range.first, range.last ^ 1, range.last].filter(range.contains) }
    let captured = candidates.filter { address in
      !excluded.contains { $0.contains(address) } && !Self.unreachable(family).contains { $0.contains(address) }
    }
    return captured.map { AddressText.address($0, family) }.filter { !localAddresses.contains($0) }
  }

  /// Where no connection leaves a Pod for: this machine, a link, many at once.
  private static func unreachable(_ family: AddressFamily) -> [AddressRange] {
    let networks =
      family == .ipv4
      ? ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"] : ["::/127", "::ffff:0:0/96", "fe80::/10", "ff00::/8"]
    return AddressRange.merged(networks.compactMap(CIDR.init), family)
  }
}
