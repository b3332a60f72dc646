import APISIXSink
import Logging
import SidecarIdentity
import Synchronization
import XDSClient

/// Between the translation and the dictionaries: adds mutual TLS to what the mesh has, by the certificate and the peers that
/// the identity server tells of.
///
/// Nothing is complete before there is a certificate, where one is wanted: a Pod that can't take mutual TLS is not ready,
/// and what an earlier process has left stays until then.
final class SecurityService<Dictionary: SharedDictionary & Sendable>: Sendable {
  private struct State {
    var security: MeshSecurity
    var standings: [String: PeerStanding] = [:]
    var wanted: Set<String> = []
    var hasIdentity: Bool
    var isMeshComplete = false
    var isComplete = false

    func standing(_ address: String) -> PeerStanding { standings[address] ?? .unknown }
  }

  private let state: Mutex<State>
  private let sink: SinkService<Dictionary>
  private let surroundings: Surroundings
  private let logger: Logger
  private let alarm = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  private let wants = AsyncStream.makeStream(of: Set<String>.self, bufferingPolicy: .bufferingNewest(1))

  /// - Parameter security: nil for a sidecar without mutual TLS.
  init(
    _ security: SidecarSecurity?,
    sink: SinkService<Dictionary>,
    surroundings: Surroundings,
    logger: Logger
  ) {
    state = Mutex(State(security: MeshSecurity(security), hasIdentity: security.map { $0.mode == .disabled } ?? true))
    self.sink = sink
    self.surroundings = surroundings
    self.logger = logger
    sink.apply(state.withLock { $0.security.begin() })
  }

  var counts: MeshSecurity.Counts { state.withLock { $0.security.counts } }

  /// Certificates have no names to verify peers by, so that there is no mutual TLS on the way out.
  var lacksNames: Bool { state.withLock { $0.security.lacksNames } }

  // MARK: - What comes

  func apply(_ delta: DictionaryDelta) {
    let now = surroundings.now()
    let wanted = state.withLock { state -> Set<String>? in
      state.security.take(delta, now: now)
      let wanted = state.security.addresses
      guard wanted != state.wanted else { return nil }
      state.wanted = wanted
      state.standings = state.standings.filter { wanted.contains($0.key) }
      return wanted
    }
    if let wanted { wants.continuation.yield(wanted) }
    release()
    alarm.continuation.yield()
  }

  /// All that the control plane has was applied once.
  func complete() {
    state.withLock { $0.isMeshComplete = true }
    completeIfAllIsThere()
  }

  func take(_ report: IdentityReport) {
    switch report {
    case .identity(let certificate, let bundle):
      let delta = state.withLock { state in
        let known = state
        state.hasIdentity = true
        return state.security.show(certificate, bundle) { known.standing($0) }
      }
      sink.apply(delta)
      if lacksNames {
        logger.warning(
          "this mesh's certificates have no DNS names, by which APISIX verifies: nothing goes out in mutual TLS; set identity.leaf.dnsNames"
        )
      }
      completeIfAllIsThere()
    case .peers(let changed):
      let delta = state.withLock { state in
        for (address, standing) in changed where state.wanted.contains(address) { state.standings[address] = standing }
        let known = state
        return state.security.changed(Set(changed.keys)) { known.standing($0) }
      }
      sink.apply(delta)
      release()
    case .connected(let source):
      logger.info("connected to the identity server", metadata: ["source": "\(source)"])
    case .disconnected(let source, let reason, let wait):
      logger.warning(
        "not connected to the identity server; the last certificate stays",
        metadata: ["source": "\(source)", "reason": "\(reason)", "retryIn": "\(wait)"]
      )
    case .refused(let problem):
      logger.error(
        "what the identity server sent can't be used; what was there stays",
        metadata: ["reason": "\(problem)"]
      )
    }
  }

  // MARK: - What comes of it

  private func release() {
    let now = surroundings.now()
    let delta = state.withLock { state in
      let known = state
      return state.security.release(now: now) { known.standing($0) }
    }
    sink.apply(delta)
    completeIfAllIsThere()
  }

  private func completeIfAllIsThere() {
    let isNew = state.withLock { state in
      guard !state.isComplete, state.isMeshComplete, state.hasIdentity, state.security.deadline == nil else {
        return false
      }
      state.isComplete = true
      return true
    }
    if isNew { sink.complete() }
  }

  /// Until the task is cancelled.
  func run(_ client: IdentityClient?) async {
    await withTaskGroup(of: Void.self) { group in
      if let client {
        group.addTask { await client.run() }
        group.addTask { for await addresses in self.wants.stream { await client.want(addresses) } }
      }
      for await _ in alarm.stream {
        while !Task.isCancelled, let deadline = state.withLock({ $0.security.deadline }) {
          let now = surroundings.now()
          if now >= deadline { release() } else { try? await surroundings.sleep(deadline - now) }
        }
      }
      group.cancelAll()
    }
  }
}
