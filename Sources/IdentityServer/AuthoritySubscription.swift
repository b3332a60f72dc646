import CallerAuthentication
import CertificateAuthority
import FoundationEssentials
import Logging
import MeshAuthority
import NIOConcurrencyHelpers
import SPIFFE
import SecretDiscovery
import XDSProtocol

/// One stream's share of an ``AuthoritySecretSource``.
///
/// A caller that holds its own key is issued certificates for the request that it sent last: until it sends another, on
/// this stream or a new one, the successor of its certificate is for the same key.
final class AuthoritySubscription: SecretSubscription {
  private struct State {
    var secrets: CallerSecrets
    /// Nil until the client has said what it wants, and while that is no certificate.
    var keySource: KeySource?
    var description: SubscriberDescription?
    /// In the authority's book, while the client is subscribed to the bundle.
    var subscriber: SpreadLedger.Subscriber?
    /// When the next certificate is to be made.
    var renewAt: Date?
    /// Of the certificate that was issued last.
    var leafEnd: Date?
    var anchor: AuthorityID?
    /// In a row.
    var failures = 0
    /// The second at which this is on the source's agenda.
    var due: Int64?
    /// The requests so far, at one a second, are paid for until then.
    var paidUntil = Date.distantPast
    /// Tells whoever looks that there is something newer; nil once nobody does.
    var onChange: (@Sendable () -> Void)?
    /// The stream is to end.
    var isEnding = false

    var isOver: Bool { onChange == nil }
  }

  private enum KeySource {
    case caller(ProvenKey)
    case server
  }

  /// Seconds' worth of requests that a stream may send at once.
  private static let requestBurst = 10.0

  private let id: UInt64
  private let source: AuthoritySecretSource
  let caller: Caller
  private let deadline: Date
  private let state: NIOLockedValueBox<State>

  init(
    id: UInt64,
    source: AuthoritySecretSource,
    caller: Caller,
    bundles: BundleSecrets,
    onChange: @escaping @Sendable () -> Void
  ) {
    self.id = id
    self.source = source
    self.caller = caller
    deadline = source.configuration.streamLifetime.deadline(for: caller)
    let secrets = CallerSecrets(caller: SecretCaller(caller), certificate: nil, bundles: bundles)
    state = NIOLockedValueBox(State(secrets: secrets, onChange: onChange))
  }

  var current: CallerSecrets? { state.withLockedValue { $0.isEnding ? nil : $0.secrets } }

  var leafEnd: Date? { state.withLockedValue { $0.leafEnd } }

  func opened(now: Date) {
    state.withLockedValue { schedule(&$0, now: now) }
  }

  // MARK: The stream's side

  func describe(_ description: SubscriberDescription) throws(XDSStatus) {
    let now = source.now()
    let result = state.withLockedValue { state -> Result<Void, XDSStatus> in
      guard !state.isOver else { return .success(()) }
      do throws(XDSStatus) {
        try follow(description, &state, now: now)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  private func follow(
    _ description: SubscriberDescription,
    _ state: inout State,
    now: Date
  ) throws(XDSStatus) {
    let authority = source.authority
    if description.wantsBundle, state.subscriber == nil {
      state.subscriber = authority.subscribed()
    } else if !description.wantsBundle, let subscriber = state.subscriber {
      authority.unsubscribed(subscriber)
      state.subscriber = nil
    }
    let old = state.description
    state.description = description
    guard description.wantsIdentity else {
      state.keySource = nil
      state.renewAt = nil
      return
    }
    guard state.keySource == nil || old?.node != description.node else { return }
    // Each request costs a verification and a signature; a client that sends ever more of them is on its own.
    state.paidUntil = max(state.paidUntil, now).addingTimeInterval(1)
    guard state.paidUntil <= now.addingTimeInterval(Self.requestBurst) else {
      source.issuer.refuse(caller, through: .secretDiscovery, .overloaded, "too many requests on a stream", now: now)
      throw XDSStatus(
        code: .resourceExhausted,
        message: "too many requests for certificates on one stream; send at most one a second"
      )
    }
    state.keySource = try keySource(description.node, now: now)
    renew(&state, now: now)
    schedule(&state, now: now)
  }

  private func keySource(_ node: NodeRequest, now: Date) throws(XDSStatus) -> KeySource {
    guard let request = node.signingRequest else {
      guard source.configuration.serverGeneratedKeys else {
        source.issuer.refuse(
          caller,
          through: .secretDiscovery,
          .noRequest,
          "the server makes no keys and the caller sent no request",
          now: now
        )
        throw XDSStatus(
          code: .permissionDenied,
          message: "this mesh makes no keys for workloads: send a PKCS#10 request in PEM as "
            + "node.metadata[\"\(NodeRequest.signingRequestKey)\"], or set identity.serverGeneratedKeys to allow"
        )
      }
      return .server
    }
    do {
      return .caller(try source.issuer.provenKey(request, of: caller, through: .secretDiscovery, now: now))
    } catch {
      throw XDSStatus(code: .invalidArgument, message: "\(error)")
    }
  }

  func acknowledged(_ receipt: XDSReceipt) {
    guard receipt.typeURL == secretTypeURL else { return }
    let secretCaller = state.withLockedValue { $0.secrets.caller }
    let generation = receipt.versions.filter { SecretName($0.key, caller: secretCaller)?.isOwnBundle == true }
      .compactMap { source.generation(ofVersion: $0.value) }.max()
    guard let generation else { return }
    state.withLockedValue { state in
      guard !state.isOver, var subscriber = state.subscriber else { return }
      source.authority.acknowledged(generation, by: &subscriber)
      state.subscriber = subscriber
    }
  }

  func cancel() {
    let (subscriber, due, isFirst) = state.withLockedValue { state in
      let before = (state.subscriber, state.due, !state.isOver)
      state.onChange = nil
      state.subscriber = nil
      return before
    }
    guard isFirst else { return }
    if let subscriber { source.authority.unsubscribed(subscriber) }
    source.closed(id, due: due)
  }

  // MARK: The source's side

  /// The stream is to end; the client may come again.
  func end() { state.withLockedValue { Self.end(&$0) } }

  private static func end(_ state: inout State) {
    state.isEnding = true
    state.onChange?()
  }

  func bundleChanged(_ bundles: BundleSecrets, roots: Set<AuthorityID>, now: Date) {
    state.withLockedValue { state in
      guard !state.isOver else { return }
      state.secrets = state.secrets.with(bundles)
      state.onChange?()
      // A leaf of a root that nobody trusts any more is of no use; while its root is only superseded, it is.
      if let anchor = state.anchor, !roots.contains(anchor), let renewAt = state.renewAt {
        let spread = source.draw() * AuthoritySecretSource.replacementSpread
        state.renewAt = min(renewAt, now.addingTimeInterval(spread))
        schedule(&state, now: now)
      }
    }
  }

  /// Does what is due.
  func act(now: Date) {
    state.withLockedValue { state in
      guard !state.isOver else { return }
      state.due = nil
      if now >= deadline { return Self.end(&state) }
      if let renewAt = state.renewAt, now >= renewAt { renew(&state, now: now) }
      schedule(&state, now: now)
    }
  }

  /// Makes the next certificate and lets the stream have it. Where that fails, the one before stays.
  private func renew(_ state: inout State, now: Date) {
    guard let keySource = state.keySource else { return }
    do {
      let (key, privateKey) = try key(keySource)
      let anchor = source.anchor
      let released = try source.issuer.issue(.own, to: caller, for: key, through: .secretDiscovery, now: now)
      let end = released.certificate.validity.notAfter
      if var subscriber = state.subscriber {
        source.authority.handedOut(leafEnds: end, to: &subscriber)
        state.subscriber = subscriber
      } else {
        source.authority.handedOut(leafEnds: end, withBundle: false)
      }
      state.failures = 0
      state.leafEnd = end
      state.anchor = anchor
      state.renewAt = LeafSchedule.pushAt(issued: now, notAfter: end, draw: source.draw())
      state.secrets = CallerSecrets(
        caller: state.secrets.caller,
        certificate: WorkloadCertificate(chain: released.chainPEM, privateKey: privateKey),
        bundles: state.secrets.bundles
      )
      state.onChange?()
    } catch {
      let wait = Self.retryAfter(failures: state.failures, draw: source.draw())
      state.failures += 1
      state.renewAt = now.addingTimeInterval(wait)
      source.logger.warning(
        "No certificate could be issued for a stream; the one before stays",
        metadata: ["identity": "\(caller.identity)", "error": "\(error)", "retry": "\(Int(wait.rounded(.up))) s"]
      )
    }
  }

  private func key(_ keySource: KeySource) throws -> (ProvenKey, privateKey: String?) {
    switch keySource {
    case .caller(let key): return (key, nil)
    case .server:
      let key = try source.issuer.cryptography.makeKey(.ecdsaP256)
      let pem = try key.privateKeyPEM().withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
      return (ProvenKey(key), pem)
    }
  }

  /// 1, 2, 4 … 60 seconds, half of it by chance.
  static func retryAfter(failures: Int, draw: Double) -> Double {
    min(60, Double(1 << min(failures, 6))) * (0.5 + draw / 2)
  }

  private func schedule(_ state: inout State, now: Date) {
    let next = min(deadline, state.renewAt ?? deadline)
    // Never twice in one second, and no further away than a calendar reaches.
    let seconds = min(max(next.timeIntervalSince1970.rounded(.up), now.timeIntervalSince1970 + 1), 253_402_300_799)
    let due = Int64(seconds)
    guard due != state.due else { return }
    source.schedule(id, from: state.due, to: due)
    state.due = due
  }
}
