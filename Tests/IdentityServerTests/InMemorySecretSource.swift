import CallServer
import CallerAuthentication
import FoundationEssentials
import IdentityServer
import NIOConcurrencyHelpers
import SPIFFE
import SecretDiscovery
import SwiftASN1
import X509
import XDSProtocol

/// Certificates by count: the text `CHAIN 1` is the first of a caller.
final class InMemorySecretSource: SecretSource {
  struct State {
    var roots = "ROOTS 1"
    var chain = 1
    var subscriptions: [InMemorySubscription] = []
    var subscribed = 0
    var cancelled = 0
  }

  let state = NIOLockedValueBox(State())
  /// What clients have acknowledged, in the order in which it was.
  let receipts: AsyncStream<XDSReceipt>
  private let receiptInput: AsyncStream<XDSReceipt>.Continuation

  init() { (receipts, receiptInput) = AsyncStream.makeStream(of: XDSReceipt.self) }

  func acknowledged(_ receipt: XDSReceipt) { receiptInput.yield(receipt) }

  func subscribe(_ caller: Caller, onChange: @escaping @Sendable () -> Void) -> any SecretSubscription {
    state.withLockedValue { state in
      let subscription = InMemorySubscription(
        source: self,
        initial: CallerSecrets(caller: SecretCaller(caller), certificate: nil, bundles: Self.bundles(state)),
        onChange: onChange
      )
      state.subscriptions.append(subscription)
      state.subscribed += 1
      return subscription
    }
  }

  func change(_ body: (inout State) -> Void) {
    let (state, subscriptions) = state.withLockedValue { state in
      body(&state)
      return (state, state.subscriptions)
    }
    for subscription in subscriptions { subscription.publish(state) }
  }

  static func bundles(_ state: State) -> BundleSecrets { BundleSecrets(bundles: ["mesh.test": state.roots]) }
}

final class InMemorySubscription: SecretSubscription {
  let source: InMemorySecretSource
  private let initial: CallerSecrets
  private let onChange: @Sendable () -> Void
  private let newest: NIOLockedValueBox<CallerSecrets?>
  private let node = NIOLockedValueBox<NodeRequest?>(nil)

  init(source: InMemorySecretSource, initial: CallerSecrets, onChange: @escaping @Sendable () -> Void) {
    self.source = source
    self.initial = initial
    self.onChange = onChange
    newest = NIOLockedValueBox(initial)
  }

  var current: CallerSecrets? { newest.withLockedValue { $0 } }

  func describe(_ description: SubscriberDescription) throws(XDSStatus) {
    let node = description.node
    if node.signingRequest == "forbidden" { throw XDSStatus(code: .permissionDenied, message: "not you") }
    self.node.withLockedValue { $0 = node }
    publish(source.state.withLockedValue { $0 })
  }

  func publish(_ state: InMemorySecretSource.State) {
    guard let node = node.withLockedValue({ $0 }) else { return }
    let key = node.signingRequest == nil ? "KEY \(state.chain)" : nil
    let chain = node.signingRequest.map { "CHAIN \(state.chain) for \($0)" } ?? "CHAIN \(state.chain)"
    newest.withLockedValue {
      $0 = CallerSecrets(
        caller: initial.caller,
        certificate: WorkloadCertificate(chain: chain, privateKey: key),
        bundles: InMemorySecretSource.bundles(state)
      )
    }
    onChange()
  }

  func end() {
    newest.withLockedValue { $0 = nil }
    onChange()
  }

  func acknowledged(_ receipt: XDSReceipt) {
    source.acknowledged(receipt)
  }

  func cancel() {
    source.state.withLockedValue { state in
      state.cancelled += 1
      state.subscriptions.removeAll { $0 === self }
    }
  }
}

/// A token is the name of a ServiceAccount; without one, the certificate's common name is.
struct NamedCallers: CallerAuthentication {
  func caller(_ evidence: CallerEvidence) async -> Caller? {
    guard let name = Self.token(evidence) ?? Self.commonName(evidence),
      let trustDomain = try? TrustDomain("mesh.test"),
      let identity = try? WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: name)
    else { return nil }
    return Caller(
      identity: identity,
      method: .staticToken,
      lastTokenAuthentication: .now,
      credentialExpiry: nil,
      credentialHash: CredentialHash(of: Array(name.utf8))
    )
  }

  private static func token(_ evidence: CallerEvidence) -> String? {
    evidence.authorization.first.map { String($0.dropFirst("Bearer ".count)) }
  }

  private static func commonName(_ evidence: CallerEvidence) -> String? {
    guard let leaf = evidence.certificateChain.first, let certificate = try? Certificate(derEncoded: leaf) else {
      return nil
    }
    return String(certificate.subject.description.dropFirst("CN=".count))
  }
}
