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

  /// - Returns: a subscribed conversation, which is to be run.
  func open<Stream: SecretStream>(
    _ stream: Stream,
    write: @escaping @Sendable (Stream.Response) async throws -> Void
  ) -> SecretConversation<Stream> {
    SecretConversation(stream, session: self, subscription: source.subscribe(caller), write: write)
  }

  /// All that is asked for in one response, without a stream.
  func first<Stream: SecretStream>(_ stream: Stream, request: Stream.Request) async throws -> Stream.Response {
    let subscription = source.subscribe(caller)
    defer { subscription.cancel() }
    return try await first(stream, request: request, subscription: subscription)
  }

  private func first<Stream: SecretStream>(
    _ stream: Stream,
    request: Stream.Request,
    subscription: any SecretSubscription
  ) async throws -> Stream.Response {
    // What is asked for is known once the request is read; it is answered when the caller's own certificate is there,
    // since who fetches gets no second answer.
    var reader = stream
    for case .close(let status) in reader.receive(request, resources: subscription.initial) { throw RPCError(status) }
    var description: SubscriberDescription?
    try describe(request, reader, &description, subscription)
    var secrets = subscription.initial
    var changes = subscription.changes.makeAsyncIterator()
    while true {
      if description?.wantsIdentity != true || secrets.hasCertificate {
        var stream = stream
        for case .send(let response) in stream.receive(request, resources: secrets) { return response }
      }
      guard let newest = await changes.next(isolation: nil) else {
        throw RPCError(code: .unavailable, message: "there is nothing to give yet; ask again")
      }
      secrets = newest
    }
  }

  /// Tells the source what is new; some clients repeat themselves with every message.
  func describe<Stream: SecretStream>(
    _ request: Stream.Request,
    _ stream: Stream,
    _ known: inout SubscriberDescription?,
    _ subscription: any SecretSubscription
  ) throws(RPCError) {
    do {
      let node = try Stream.node(request).map { try NodeRequest($0) }
      let caller = subscription.initial.caller
      let description = SubscriberDescription(
        node: node ?? known?.node ?? NodeRequest(),
        wantsIdentity: stream.wantsIdentity(of: caller),
        wantsBundle: stream.wantsBundle(of: caller)
      )
      guard description != known else { return }
      known = description
      try subscription.describe(description)
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
