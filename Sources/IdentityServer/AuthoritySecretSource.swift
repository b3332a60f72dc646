package import CallerAuthentication
import CertificateAuthority
package import FoundationEssentials
package import Logging
import MeshAuthority
import NIOConcurrencyHelpers
import SPIFFE
import SecretDiscovery
import ServiceLifecycle
import X509

/// Gives every stream its caller's certificate and the mesh's bundle, from the authority of this process.
///
/// One task looks after all streams: it renews certificates, ends streams whose time is over, and sleeps. A change of the
/// bundle goes to all streams at once.
package final class AuthoritySecretSource: SecretSource, Service {
  package struct Configuration: Sendable {
    /// Whether a caller that sends no request of its own is given a key made here.
    package var serverGeneratedKeys = true
    package var streamLifetime = StreamLifetime()
    /// Whether what a caller's credential is bound to is known to have ended.
    package var hasEnded: @Sendable (Caller) -> Bool = { _ in false }

    package init() {}
  }

  /// What is given out now.
  struct Published {
    let secrets: BundleSecrets
    let bundle: TrustBundle
    let generation: Int
    /// The root that leaves chain to which are issued now.
    let anchor: AuthorityID?
  }

  private struct Memory {
    var published: Published?
    /// Versions of the bundle's resources → the newest generation that has this content.
    var generations: [String: Int] = [:]
    /// The keys of `generations`, a bundle's each, the oldest first.
    var versions: [[String]] = []
    var subscriptions: [UInt64: AuthoritySubscription] = [:]
    var agenda = Agenda<UInt64>()
    var lastID: UInt64 = 0
    /// The second at which the gauges are set anew.
    var measureAt: Int64 = 0
    /// Streams are to go elsewhere.
    var isClosing = false
  }

  /// Bundles whose acknowledgement is understood: a client that lags further behind acknowledges a newer one in time.
  private static let rememberedBundles = 16
  /// A leaf whose root has left the bundle is replaced within so many seconds.
  static let replacementSpread = 5.0

  let configuration: Configuration
  let issuer: WorkloadIssuer
  let now: @Sendable () -> Date
  let draw: @Sendable () -> Double
  let logger: Logger
  private let sleep: @Sendable (Duration) async throws -> Void
  private let memory = NIOLockedValueBox(Memory())

  var authority: MeshAuthority { issuer.authority }

  /// - Parameters:
  ///   - now: the wall clock.
  ///   - sleep: how `run` waits for the next second.
  ///   - draw: a number from 0 up to 1, at random.
  package init(
    issuer: WorkloadIssuer,
    configuration: Configuration = Configuration(),
    now: @escaping @Sendable () -> Date = { Date() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.issuer = issuer
    self.configuration = configuration
    self.now = now
    self.sleep = sleep
    self.draw = draw
    self.logger = logger
    authority.onChange { [weak self] in self?.publish($0) }
    if let signing = authority.signing { publish(signing) }
  }

  // MARK: Streams

  package func subscribe(_ caller: Caller, onChange: @escaping @Sendable () -> Void) -> any SecretSubscription {
    let moment = now()
    let (subscription, isClosing) = memory.withLockedValue { memory in
      memory.lastID &+= 1
      let subscription = AuthoritySubscription(
        id: memory.lastID,
        source: self,
        caller: caller,
        bundles: memory.published?.secrets ?? BundleSecrets(bundles: [:]),
        onChange: onChange
      )
      memory.subscriptions[memory.lastID] = subscription
      return (subscription, memory.isClosing)
    }
    issuer.metrics.streamOpened()
    // What ended since the caller was authenticated was not told of this stream: it is asked for now that it is listed.
    let mayStay = !isClosing && !configuration.hasEnded(caller) && authority.isReady(now: moment)
    if mayStay { subscription.opened(now: moment) } else { subscription.end() }
    return subscription
  }

  /// Ends the streams of callers whose credentials are good no more.
  package func end(where isOver: (Caller) -> Bool) {
    let over = memory.withLockedValue { memory in memory.subscriptions.values.filter { isOver($0.caller) } }
    for subscription in over { subscription.end() }
  }

  func closed(_ id: UInt64, due: Int64?) {
    memory.withLockedValue { memory in
      memory.subscriptions[id] = nil
      if let due { memory.agenda.remove(id, at: due) }
    }
    issuer.metrics.streamClosed()
  }

  /// Moves the moment at which a subscription is looked at.
  func schedule(_ id: UInt64, from old: Int64?, to new: Int64) {
    memory.withLockedValue { memory in
      if let old { memory.agenda.remove(id, at: old) }
      // One that is closed meanwhile would stay for ever.
      if memory.subscriptions[id] != nil { memory.agenda.add(id, at: new) }
    }
  }

  /// The generation of the bundle that has a resource of this version; nil for none that is remembered.
  func generation(ofVersion version: String) -> Int? { memory.withLockedValue { $0.generations[version] } }

  /// The root that leaves chain to which are issued now.
  var anchor: AuthorityID? { memory.withLockedValue { $0.published?.anchor } }

  // MARK: The authority's changes

  private func publish(_ signing: SigningState) {
    let anchor = signing.anchor
    let change = memory.withLockedValue { memory -> (Published, [AuthoritySubscription])? in
      let old = memory.published
      guard old.map({ $0.generation < signing.generation || $0.anchor != anchor }) ?? true else { return nil }
      let isNew = old?.bundle != signing.bundle
      let trustDomain = signing.bundle.trustDomain.name
      let secrets = isNew ? BundleSecrets(bundles: [trustDomain: signing.bundle.pem]) : old?.secrets
      guard let secrets else { return nil }
      let published = Published(
        secrets: secrets,
        bundle: signing.bundle,
        generation: signing.generation,
        anchor: anchor
      )
      memory.published = published
      Self.remember(secrets.versions(ofTrustDomain: trustDomain), signing.generation, &memory)
      return isNew ? (published, Array(memory.subscriptions.values)) : nil
    }
    guard let (published, subscriptions) = change else { return }
    let roots = Set(published.bundle.authorities.map { AuthorityID($0) })
    let moment = now()
    for subscription in subscriptions { subscription.bundleChanged(published.secrets, roots: roots, now: moment) }
  }

  private static func remember(_ versions: [String], _ generation: Int, _ memory: inout Memory) {
    for version in versions { memory.generations[version] = generation }
    memory.versions.removeAll { $0 == versions }
    memory.versions.append(versions)
    guard memory.versions.count > rememberedBundles else { return }
    for version in memory.versions.removeFirst() { memory.generations[version] = nil }
  }

  // MARK: Time

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await self.tick(now: self.now())
        try? await self.sleep(.seconds(1))
      }
    }
    close()
  }

  /// Ends all streams, and each new one at once: another replica has what they want.
  private func close() {
    let subscriptions = memory.withLockedValue { memory in
      memory.isClosing = true
      return Array(memory.subscriptions.values)
    }
    for subscription in subscriptions { subscription.end() }
  }

  /// Does all that is due.
  package func tick(now: Date) async {
    guard authority.isReady(now: now) else {
      // What is signed and trusted here may be outdated: let them ask another replica.
      for subscription in memory.withLockedValue({ Array($0.subscriptions.values) }) { subscription.end() }
      return
    }
    let second = Int64(now.timeIntervalSince1970)
    measure(at: second)
    let due = memory.withLockedValue { memory in
      memory.agenda.takeDue(at: second).compactMap { memory.subscriptions[$0] }
    }
    for subscription in due {
      subscription.act(now: now)
      await Task.yield()
    }
  }

  /// Sets the gauges of what ends when. Every ten seconds: it looks at each stream.
  private func measure(at second: Int64) {
    let subscriptions = memory.withLockedValue { memory -> [AuthoritySubscription]? in
      guard second >= memory.measureAt || second < memory.measureAt - 10 else { return nil }
      memory.measureAt = second + 10
      return Array(memory.subscriptions.values)
    }
    guard let subscriptions, let signing = authority.signing else { return }
    let root = signing.bundle.authorities.first { AuthorityID($0) == signing.anchor }
    issuer.metrics.expiries(
      issuer: signing.issuer.validity.notAfter,
      root: root?.validity.notAfter,
      soonestLeaf: subscriptions.compactMap(\.leafEnd).min()
    )
  }
}

extension SigningState {
  /// Whether a root is in the bundle.
  func trusts(_ root: AuthorityID) -> Bool { bundle.authorities.contains { AuthorityID($0) == root } }

  /// The root above the issuer.
  var anchor: AuthorityID? {
    let top = issuer.intermediates.last ?? issuer.certificate
    let root = bundle.authorities.first { root in
      guard root.x509.subject == top.x509.issuer else { return false }
      guard let wanted = top.authorityKeyIdentifier, let has = root.subjectKeyIdentifier else { return true }
      return wanted == has
    }
    return root.map { AuthorityID($0) }
  }
}
