import Glibc
package import Redirect

/// Sends connections and sees where they arrive, with the sidecar's ports in hand: so the sidecar must not run yet.
///
/// Nothing is waited for to not happen: a connection that must not arrive is followed by one that must, and they arrive
/// in their order.
package struct Verifier {
  private let options: RedirectOptions

  package init(_ options: RedirectOptions) { self.options = options }

  package func probes(_ families: [AddressFamily]) -> [ProbeResult] {
    families.flatMap { FamilyVerifier(options, $0).results() }
  }
}

private final class FamilyVerifier {
  private let options: RedirectOptions
  private let plan: VerificationPlan
  private let family: AddressFamily
  private let addresses: [InterfaceAddress]
  /// Kept to the end, and their ports with them: what arrives late is not taken for another's.
  private var connections: [Connection] = []

  init(_ options: RedirectOptions, _ family: AddressFamily) {
    self.options = options
    self.family = family
    addresses = InterfaceAddress.all(family)
    plan = VerificationPlan(
      options,
      speaker: VerificationPlan.Speaker(user: geteuid(), group: getegid()),
      localAddresses: Set(addresses.map(\.address.text))
    )
  }

  func results() -> [ProbeResult] {
    let probes = plan.probes(family, ownAddress: addresses.first(where: \.isReachable)?.address.text)
    let listeners: [UInt16: Listener]
    do throws(RedirectError) {
      var made: [UInt16: Listener] = [:]
      for port in plan.ports { made[port] = try Listener(family, port) }
      listeners = made
    } catch {
      return probes.map { ProbeResult("\(family.name): \($0.what)", .failed, "\(error)") }
    }
    return probes.map { probe in
      let result = run(probe, listeners)
      return ProbeResult("\(family.name): \(probe.what)", result.0, result.1)
    }
  }

  private func run(
    _ probe: VerificationPlan.Probe,
    _ listeners: [UInt16: Listener]
  ) -> (ProbeResult.Outcome, String) {
    if probe.asProxy, !Credentials.canBecome(plan.proxyUID) {
      return (.skipped, "speaking as the sidecar's user needs the capability SETUID")
    }
    if probe.leavesPod,
      let interface = InterfaceAddress.leading(to: probe.address, family, among: addresses),
      options.excludesInterface(interface)
    {
      return (.skipped, "\(probe.address) is reached by \(interface), which is excluded")
    }
    let connection: Connection
    do throws(RedirectError) {
      connection = try connect(to: probe.address, probe.port, as: probe.asProxy ? plan.proxyUID : nil)
    } catch {
      return (.skipped, "\(error)")
    }
    guard let port = probe.arrivesAt, let listener = listeners[port] else {
      if let stray = stray(connection, listeners.values) {
        return (.failed, "it arrived at port \(stray.port), where it should not")
      }
      return (.passed, "it did not arrive at the sidecar")
    }
    guard let arrived = listener.awaits(connection.source) else {
      let stray = stray(connection, listeners.values).map { ", but at \($0.port)" } ?? ""
      return (.failed, "it did not arrive at port \(port)\(stray)")
    }
    let expected = "\(probe.address) port \(probe.port)"
    guard arrived.original == expected else {
      return (.failed, "it arrived at port \(port), bound for \(arrived.original ?? "nowhere"), not \(expected)")
    }
    return (.passed, "it arrived at port \(port), bound for \(expected)")
  }

  private func connect(
    to address: String,
    _ port: UInt16,
    as user: UInt32? = nil
  ) throws(RedirectError) -> Connection {
    let family = family
    let connection = try Credentials.acting(as: user) { () throws(RedirectError) in
      try Connection(family, to: address, port)
    }
    connections.append(connection)
    return connection
  }

  /// Where a connection has arrived, after another has that began later.
  private func stray(_ connection: Connection, _ listeners: some Collection<Listener>) -> Listener? {
    listeners.first { listener in
      if let marker = try? connect(to: family == .ipv4 ? "127.0.0.1" : "::1", listener.port) {
        _ = listener.awaits(marker.source)
      }
      return listener.accepts(from: connection.source) != nil
    }
  }
}
