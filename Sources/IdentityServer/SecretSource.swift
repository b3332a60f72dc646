package import SecretDiscovery
package import XDSProtocol

/// Where a stream gets its caller's secrets, and hears of new ones.
package protocol SecretSource: Sendable {
  func subscribe(_ caller: SecretCaller) async -> any SecretSubscription
}

package protocol SecretSubscription: Sendable {
  /// What can be had at once: bundles, say.
  var initial: CallerSecrets { get }
  /// The newest state whenever it is another; older ones may be left out. Its end ends the stream, which asks the client
  /// to come again: when its authentication has run out, say. Read once.
  var changes: AsyncStream<CallerSecrets> { get }
  /// What the client says of itself: once with its first message, again when it says something else. Throws where it
  /// can't be had, which closes the stream.
  func describe(_ node: NodeRequest) async throws(XDSStatus)
  /// The client took these versions.
  func acknowledged(_ receipt: XDSReceipt) async
  /// Nothing is read any more.
  func cancel() async
}
