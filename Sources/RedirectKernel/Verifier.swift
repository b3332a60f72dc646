import Glibc
package import Redirect

/// Sends connections and sees where they arrive, with the sidecar's ports in hand: so the sidecar must not run yet.
///
/// Nothing is waited for to not happen: a connection that must not arrive is followed by one that must, and they arrive
/// in their order.
package struct Verifier {
  private let plan: VerificationPlan

  package init(_ options: RedirectOptions) { plan = VerificationPlan(options) }

  package func probes(_ families: [AddressFamily]) -> [ProbeResult] { families.flatMap(probes) }

  private func probes(_ family: AddressFamily) -> [ProbeResult] {
    let probes = plan.probes(family, ownAddress: SocketAddress.own(family)?.text)
    let listeners: [UInt16: Listener]
    do throws(RedirectError) {
      var made: [UInt16: Listener] = [:]
      for port in plan.ports { made[port] = try Listener(family, port) }
      listeners = made
    } catch {
      return probes.map { ProbeResult($0.what, .failed, "\(error)") }
    }
    return probes.map { probe in
      let result = run(probe, family, listeners)
      return ProbeResult("\(family.name): \(probe.what)", result.0, result.1)
    }
  }

  private func run(
    _ probe: VerificationPlan.Probe,
    _ family: AddressFamily,
    _ listeners: [UInt16: Listener]
  ) -> (ProbeResult.Outcome, String) {
    if probe.asProxy, !Credentials.canBecomeOthers {
      return (.skipped, "speaking as the sidecar's user needs the capability SETUID")
    }
    let connection: Connection
    do throws(RedirectError) {
      connection = try Credentials.acting(as: probe.asProxy ? plan.proxyUID : nil) { () throws(RedirectError) in
        try Connection(family, to: probe.address, probe.port)
      }
    } catch {
      return (.skipped, "\(error)")
    }
    defer { withExtendedLifetime(connection) {} }
    guard let port = probe.arrivesAt, let listener = listeners[port] else {
      if let stray = stray(connection, family, listeners.values) {
        return (.failed, "it arrived at port \(stray.port), where it should not")
      }
      return (.passed, "it did not arrive at the sidecar")
    }
    guard let arrived = listener.awaits(connection.localPort) else {
      let stray = stray(connection, family, listeners.values).map { ", but at \($0.port)" } ?? ""
      return (.failed, "it did not arrive at port \(port)\(stray)")
    }
    let expected = "\(probe.address) port \(probe.port)"
    guard arrived.original == expected else {
      return (.failed, "it arrived at port \(port), bound for \(arrived.original ?? "nowhere"), not \(expected)")
    }
    return (.passed, "it arrived at port \(port), bound for \(expected)")
  }

  /// Where a connection has arrived, after another has that began later.
  private func stray(
    _ connection: Connection,
    _ family: AddressFamily,
    _ listeners: some Collection<Listener>
  ) -> Listener? {
    listeners.first { listener in
      if let marker = try? Connection(family, to: family == .ipv4 ? "127.0.0.1" : "::1", listener.port) {
        _ = listener.awaits(marker.localPort)
      }
      return listener.accepts(from: connection.localPort) != nil
    }
  }
}
