import CallerAuthentication
import EnvoyAPI
import GRPCCore
import Logging
import SecretDiscovery
import XDSProtocol

/// What one caller's streams have in common.
struct SecretSession: Sendable {
  let caller: Caller
  let source: any SecretSource
  let metrics: IdentityMetrics
  let logger: Logger

  /// Tells the source what is new of the client; some repeat themselves with every message.
  ///
  /// - Returns: whether anything was.
  func describe<Stream: SecretStream>(
    _ request: Stream.Request,
    _ stream: Stream,
    of secretCaller: SecretCaller,
    _ known: inout SubscriberDescription?,
    _ subscription: any SecretSubscription
  ) throws(RPCError) -> Bool {
    do {
      let node = try Stream.node(request).map { try NodeRequest($0) }
      let description = SubscriberDescription(
        node: node ?? known?.node ?? NodeRequest(),
        wantsIdentity: stream.wantsIdentity(of: secretCaller),
        wantsBundle: stream.wantsBundle(of: secretCaller)
      )
      guard description != known else { return false }
      known = description
      try subscription.describe(description)
      return true
    } catch let error as XDSStatus {
      throw RPCError(error)
    } catch {
      throw RPCError(code: .invalidArgument, message: "\(error)")
    }
  }

  func note(_ rejection: XDSRejection) {
    metrics.rejected()
    logger.warning(
      "A client refused its secrets; it keeps the ones before",
      metadata: [
        "identity": "\(caller.identity)",
        "names": "\(rejection.versions.keys.sorted().joined(separator: " "))",
        "reason": "\(rejection.message)",
      ]
    )
  }
}

extension RPCError {
  init(_ status: XDSStatus) {
    let code: RPCError.Code =
      switch status.code {
      case .invalidArgument: .invalidArgument
      case .permissionDenied: .permissionDenied
      case .resourceExhausted: .resourceExhausted
      }
    self.init(code: code, message: status.message)
  }
}
