package import CertificateAuthority
package import FoundationEssentials
import KubernetesObjects
import NIOConcurrencyHelpers
package import SPIFFE

/// The authority of a mesh at work: holds what this process signs with, keeps the book of who has which bundle, and takes
/// the steps of rotation when they are due.
///
/// Issuing needs nothing but memory, so it goes on while the custody is away.
package final class MeshAuthority: Sendable {
  package typealias Libraries = SignatureVerifier & RandomSource & Digester & KeyMaker

  private struct Memory {
    var signing: SigningState?
    var ledger = SpreadLedger()
    var holds: [RotationHold] = []
    var problem: MeshAuthorityError?
    var lastGoodLook: Date?
    var listeners: [@Sendable (SigningState) -> Void] = []
  }

  package let configuration: MeshAuthorityConfiguration
  let custody: any Custody
  let cryptography: any Libraries
  let openKey: @Sendable (RootKey) throws(KeyError) -> any SigningKey
  private let memory = NIOLockedValueBox(Memory())
  /// One step of rotation at a time.
  let turn = Turn()

  /// - Parameters:
  ///   - cryptography: makes keys, draws random bytes, verifies and hashes.
  ///   - openKey: finds the key of a root wherever it lies.
  package init(
    configuration: MeshAuthorityConfiguration,
    custody: any Custody,
    cryptography: any Libraries,
    openKey: @escaping @Sendable (RootKey) throws(KeyError) -> any SigningKey
  ) {
    self.configuration = configuration
    self.custody = custody
    self.cryptography = cryptography
    self.openKey = openKey
  }

  // MARK: What is in use

  /// What is signed with and trusted now; nil until the first look has succeeded.
  package var signing: SigningState? { memory.withLockedValue { $0.signing } }

  /// Whether certificates can be issued.
  package func isReady(now: Date) -> Bool {
    guard let signing, signing.isTrusted else { return false }
    return signing.held?.isUsable(configuration.policy, now: now) ?? signing.issuer.validity.contains(now)
  }

  /// What rotation waits for, as of the last look.
  package var holds: [RotationHold] { memory.withLockedValue { $0.holds } }

  /// What was in the way of the last look; nil when it went well.
  package var problem: MeshAuthorityError? { memory.withLockedValue { $0.problem } }

  /// When a look has gone well for the last time; nil before there was one.
  package var lastGoodLook: Date? { memory.withLockedValue { $0.lastGoodLook } }

  /// Calls `listener` with each later change of issuer or bundle, on whatever thread makes it.
  package func onChange(_ listener: @escaping @Sendable (SigningState) -> Void) {
    memory.withLockedValue { $0.listeners.append(listener) }
  }

  // MARK: Issuing

  /// Issues a workload's certificate to whoever was authenticated and authorised as `identity`.
  ///
  /// - Parameters:
  ///   - key: the public key, its possession proven.
  ///   - privateExtension: what the certificate says besides.
  ///   - lifetime: what was asked for; nil for the usual.
  package func issue(
    _ identity: WorkloadIdentity,
    for key: ProvenKey,
    privateExtension: PrivateExtension? = nil,
    lifetime: Duration? = nil,
    now: Date
  ) throws(MeshAuthorityError) -> ReleasedCertificate {
    try issue(
      .workload(identity, dnsNames: configuration.dnsNames),
      for: key,
      privateExtension: privateExtension,
      lifetime: lifetime,
      now: now
    )
  }

  /// Issues a certificate for a server of the mesh's own.
  ///
  /// - Parameter names: host names and IP addresses, as clients call it.
  package func issueServing(
    _ names: [String],
    for key: ProvenKey,
    now: Date
  ) throws(MeshAuthorityError) -> ReleasedCertificate {
    let profile = CertificateProfile.serving(
      dnsNames: names.filter { IPAddress($0) == nil },
      ipAddresses: names.compactMap { IPAddress($0) },
      identity: nil
    )
    return try issue(profile, for: key, privateExtension: nil, lifetime: nil, now: now)
  }

  private func issue(
    _ profile: CertificateProfile,
    for key: ProvenKey,
    privateExtension: PrivateExtension?,
    lifetime: Duration?,
    now: Date
  ) throws(MeshAuthorityError) -> ReleasedCertificate {
    guard let signing, isReady(now: now) else { throw .notReady }
    do {
      return try signing.issuer.issue(
        profile,
        for: key,
        privateExtension: privateExtension,
        lifetime: lifetime,
        policy: configuration.leafLifetimes,
        now: now,
        serialNumber: try .random(from: cryptography)
      )
    } catch {
      throw MeshAuthorityError(error)
    }
  }

  // MARK: The book of who has what

  /// A stream has subscribed to the bundle.
  package func subscribed() -> SpreadLedger.Subscriber {
    let subscriber = SpreadLedger.Subscriber()
    memory.withLockedValue { $0.ledger.opened(subscriber) }
    return subscriber
  }

  /// It has acknowledged the bundle of a generation.
  package func acknowledged(_ generation: Int, by subscriber: inout SpreadLedger.Subscriber) {
    var changed = subscriber
    memory.withLockedValue { $0.ledger.acknowledged(generation, by: &changed) }
    subscriber = changed
  }

  /// It got a leaf.
  package func handedOut(leafEnds: Date, to subscriber: inout SpreadLedger.Subscriber) {
    var changed = subscriber
    memory.withLockedValue { $0.ledger.handedOut(leafEnds: leafEnds, to: &changed) }
    subscriber = changed
  }

  /// Its stream has ended.
  package func unsubscribed(_ subscriber: SpreadLedger.Subscriber) {
    memory.withLockedValue { $0.ledger.closed(subscriber) }
  }

  /// A leaf went to someone who is not subscribed, in one answer with the current bundle or alone.
  package func handedOut(leafEnds: Date, withBundle: Bool) {
    memory.withLockedValue { $0.ledger.handedOut(leafEnds: leafEnds, withBundle: withBundle) }
  }

  /// What this process tells of the spread of its bundles.
  package var report: ReplicaReport { memory.withLockedValue { $0.ledger.report } }

  // MARK: For the steps of rotation

  func publish(_ next: SigningState, now: Date) {
    let listeners = memory.withLockedValue { memory in
      let roots = Set(next.bundle.authorities.map { AuthorityID($0) })
      memory.ledger.publish(roots, generation: next.generation, at: now)
      memory.signing = next
      return memory.listeners
    }
    for listener in listeners { listener(next) }
  }

  func note(_ holds: [RotationHold]) {
    memory.withLockedValue { $0.holds = holds }
  }

  func note(_ problem: MeshAuthorityError?, now: Date) {
    memory.withLockedValue { memory in
      memory.problem = problem
      if problem == nil { memory.lastGoodLook = now }
    }
  }
}
