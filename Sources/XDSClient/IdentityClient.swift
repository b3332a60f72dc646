package import CertificateAuthority
import EnvoyAPI
package import FoundationEssentials
package import SidecarIdentity
package import SidecarSettings

/// What comes of an ``IdentityClient``.
package enum IdentityReport: Sendable {
  /// Both at once, whichever is new.
  case identity(SidecarCertificate, TrustBundle)
  /// What is known of addresses that was not known before.
  case peers([String: PeerStanding])
  case connected(XDSSource)
  case disconnected(XDSSource, reason: String, retryIn: Duration)
  /// What came can't be used; what was there stays.
  case refused(String)
}

package struct IdentityStatus: Sendable {
  package var source: XDSSource
  package var isConnected = false
  package var certificate: SidecarCertificate?
  package var roots = 0
  package var figures = SVIDState.Figures()
  package var wantedAddresses = 0
  package var unknownAddresses = 0
  package var peers = 0
  /// What was wrong last; nil while all is well.
  package var lastFailure: String?
}

/// Keeps a sidecar's certificate fresh, and what it knows of its peers, over one connection to the identity server.
///
/// It shows its token; where that is not taken, or there is none, the certificate that it has. The key of each certificate
/// is made here, and leaves only with it, for APISIX.
package actor IdentityClient {
  package struct Settings: Sendable {
    package var source: XDSSource
    package var backoff = ReconnectBackoff()
    /// A connection that lasted so long was no failure, however it ended.
    package var provenAfter = Duration.seconds(10)

    package init(source: XDSSource) { self.source = source }
  }

  /// Time and chance.
  package struct Surroundings: Sendable {
    package var now: @Sendable () -> Duration
    package var date: @Sendable () -> Date
    /// Ends early only when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// 0 to 1.
    package var draw: @Sendable () -> Double
    package var makeKey: @Sendable () throws -> FreshKey

    package init(
      now: @escaping @Sendable () -> Duration,
      date: @escaping @Sendable () -> Date,
      sleep: @escaping @Sendable (Duration) async throws -> Void,
      draw: @escaping @Sendable () -> Double,
      makeKey: @escaping @Sendable () throws -> FreshKey
    ) {
      self.now = now
      self.date = date
      self.sleep = sleep
      self.draw = draw
      self.makeKey = makeKey
    }
  }

  private typealias Request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
  private typealias Requests = AsyncStream<Request>

  private let settings: Settings
  private let transport: any IdentityTransport
  private let surroundings: Surroundings
  private let report: @Sendable (IdentityReport) -> Void
  private var svid: SVIDState
  private var peers = PeerState()
  private var outgoing: [IdentityStreamKind: Requests.Continuation] = [:]
  private var isConnected = false
  private var lastFailure: String?
  private var showsCertificate = false
  /// A certificate is being verified: nothing else touches the state meanwhile.
  private var isReceiving = false

  package init(
    settings: Settings,
    svid: SVIDState,
    transport: any IdentityTransport,
    surroundings: Surroundings,
    report: @escaping @Sendable (IdentityReport) -> Void
  ) {
    self.settings = settings
    self.svid = svid
    self.transport = transport
    self.surroundings = surroundings
    self.report = report
  }

  package var status: IdentityStatus {
    IdentityStatus(
      source: settings.source,
      isConnected: isConnected,
      certificate: svid.certificate,
      roots: svid.bundle?.authorities.count ?? 0,
      figures: svid.figures,
      wantedAddresses: peers.wantedCount,
      unknownAddresses: peers.unknownCount,
      peers: peers.peerCount,
      lastFailure: lastFailure ?? svid.problem
    )
  }

  /// Asks for these addresses and no others.
  package func want(_ addresses: Set<String>) { send(.workloads, peers.want(addresses)) }

  /// Until the task is cancelled.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          try? await self.surroundings.sleep(.seconds(1))
          await self.renewIfDue()
        }
      }
      await keepConnected()
      group.cancelAll()
    }
  }

  // MARK: - The connection

  private func keepConnected() async {
    var failures = 0
    while !Task.isCancelled {
      let began = surroundings.now()
      let failure = await hold()
      guard !Task.isCancelled else { return }
      failures = surroundings.now() - began >= settings.provenAfter ? 0 : failures + 1
      // What one credential does not open, the other may.
      let canShow = svid.certificate.map { $0.notAfter > surroundings.date() } ?? false
      showsCertificate = failure.isUnauthenticated && !showsCertificate && canShow
      let wait = wait(failures: max(1, failures))
      lastFailure = failure.description
      report(.disconnected(settings.source, reason: failure.description, retryIn: wait))
      try? await surroundings.sleep(wait)
    }
  }

  /// A certificate that is about to end leaves no time for long waits.
  private func wait(failures: Int) -> Duration {
    let left = svid.certificate.map { Duration.seconds($0.notAfter.timeIntervalSince(surroundings.date())) }
    return settings.backoff.wait(failures: failures, draw: surroundings.draw(), left: left ?? .zero)
  }

  private func hold() async -> XDSStreamFailure {
    var incoming: [IdentityStreamKind: Requests] = [:]
    for kind in [IdentityStreamKind.secrets, .workloads] {
      let (requests, continuation) = Requests.makeStream(bufferingPolicy: .bufferingOldest(4096))
      incoming[kind] = requests
      outgoing[kind] = continuation
    }
    defer {
      for continuation in outgoing.values { continuation.finish() }
      outgoing = [:]
      isConnected = false
      svid.disconnected()
      peers.disconnected()
    }
    let streams = incoming
    do throws(XDSStreamFailure) {
      try await transport.hold(
        settings.source,
        showing: showsCertificate ? svid.certificate : nil,
        requests: { streams[$0] ?? Requests { $0.finish() } },
        opened: { await self.opened() },
        received: { await self.received($0, $1) }
      )
      return .end
    } catch {
      return error
    }
  }

  private func send(_ kind: IdentityStreamKind, _ requests: [Request]) {
    for request in requests {
      // A server that does not read is given up rather than remembered for.
      if case .dropped = outgoing[kind]?.yield(request) { outgoing[kind]?.finish() }
    }
  }

  private func opened() {
    isConnected = true
    report(.connected(settings.source))
    if let key = key() { send(.secrets, [svid.connected(key, now: surroundings.date())]) }
    send(.workloads, peers.connected())
  }

  private func renewIfDue() {
    let now = surroundings.date()
    guard isConnected, !isReceiving, let deadline = svid.deadline, now >= deadline, let key = key() else { return }
    send(.secrets, [svid.renew(key, now: now)])
  }

  private func key() -> FreshKey? {
    do {
      return try surroundings.makeKey()
    } catch {
      lastFailure = "no key can be made: \(error)"
      return nil
    }
  }

  // MARK: - What comes

  private func received(
    _ kind: IdentityStreamKind,
    _ response: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse
  ) async {
    lastFailure = nil
    switch kind {
    case .workloads:
      let (answer, changed) = peers.receive(response)
      if !changed.isEmpty { report(.peers(changed)) }
      send(.workloads, [answer])
    case .secrets:
      isReceiving = true
      var state = svid
      let answer = await state.receive(response, now: surroundings.date(), draw: surroundings.draw())
      svid = state
      isReceiving = false
      if let problem = state.problem { report(.refused(problem)) }
      if let certificate = state.certificate, let bundle = state.bundle { report(.identity(certificate, bundle)) }
      send(.secrets, [answer])
    }
  }
}
