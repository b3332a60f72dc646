package import CallerAuthentication
import SPIFFE
package import SecretDiscovery
package import XDSProtocol

/// Where a stream gets its caller's secrets, and hears of new ones.
package protocol SecretSource: Sendable {
  /// - Parameter onChange: called when there is something newer, from any thread and with locks held: it may only see to it
  ///   that somebody looks, later. Not kept once the subscription is cancelled.
  func subscribe(_ caller: Caller, onChange: @escaping @Sendable () -> Void) -> any SecretSubscription
}

package protocol SecretSubscription: Sendable {
  /// The newest there is: at first what can be had at once, bundles, say. Nil when the stream is to end and the client to
  /// come again: when its authentication has run out, say.
  var current: CallerSecrets? { get }
  /// What the client says of itself and asks for: once with its first message, again when either changes. Throws where
  /// it can't be had, which closes the stream.
  func describe(_ description: SubscriberDescription) throws(XDSStatus)
  /// The client took these versions.
  func acknowledged(_ receipt: XDSReceipt)
  /// Nobody looks any more. Called once.
  func cancel()
}

/// What a stream's client says of itself and asks for, as far as it changes what is made for it.
package struct SubscriberDescription: Sendable, Hashable {
  package var node: NodeRequest
  /// Whether it asks for its own certificate: for none of its other streams one is made.
  package var wantsIdentity: Bool
  /// Whether it asks for the bundle of its own trust domain, by any name.
  package var wantsBundle: Bool

  package init(node: NodeRequest, wantsIdentity: Bool, wantsBundle: Bool) {
    self.node = node
    self.wantsIdentity = wantsIdentity
    self.wantsBundle = wantsBundle
  }
}

extension SecretCaller {
  package init(_ caller: Caller) {
    self.init(identity: caller.identity.description, trustDomain: caller.identity.trustDomain.name)
  }
}
