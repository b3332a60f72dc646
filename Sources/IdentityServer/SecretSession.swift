import CallerAuthentication
import EnvoyAPI
import GRPCCore
import Logging
import SecretDiscovery
import XDSProtocol

/// One caller's stream: requests and changes are taken one at a time, and the next only when what came of the last is
/// written. So a client that reads slowly holds up nobody, and skips what is outdated when it reads on.
struct SecretSession: Sendable {
  let caller: Caller
  let source: any SecretSource
  let metrics: IdentityMetrics
  let logger: Logger

  func run<Stream: SecretStream>(
    _ stream: Stream,
    requests: RPCAsyncSequence<Stream.Request, any Error>,
    write: @escaping @Sendable (Stream.Response) async throws -> Void
  ) async throws {
    let subscription = await source.subscribe(caller)
    do {
      try await drive(stream, requests: requests, subscription: subscription, write: write)
      await subscription.cancel()
    } catch {
      await subscription.cancel()
      throw error
    }
  }

  /// Two tasks, of which one waits for the client and one for the source.
  private func drive<Stream: SecretStream>(
    _ stream: Stream,
    requests: RPCAsyncSequence<Stream.Request, any Error>,
    subscription: any SecretSubscription,
    write: @escaping @Sendable (Stream.Response) async throws -> Void
  ) async throws {
    let steps = StreamSteps(stream, secrets: subscription.initial)
    try await withThrowingTaskGroup { group in
      group.addTask {
        var description: SubscriberDescription?
        for try await request in requests {
          try await steps.take {
            let actions = steps.receive(request)
            // The first message tells how the caller wants its certificates, if only by saying nothing of it.
            try await describe(request, steps.stream, &description, subscription)
            try await act(actions, steps, subscription, write)
          }
        }
      }
      group.addTask {
        for await secrets in subscription.changes {
          try await steps.take { try await act(steps.changed(secrets), steps, subscription, write) }
        }
        throw RPCError(code: .unavailable, message: "the server ends this stream; open another")
      }
      // Whichever ends first ends the other.
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func act<Stream: SecretStream>(
    _ actions: [XDSAction<Stream.Response>],
    _ steps: StreamSteps<Stream>,
    _ subscription: any SecretSubscription,
    _ write: (Stream.Response) async throws -> Void
  ) async throws {
    for action in actions {
      switch action {
      case .node: continue
      case .acknowledged(let receipt):
        metrics.acknowledged()
        if let lag = steps.time({ $0.answered(at: .now) }) { metrics.acknowledged(after: lag) }
        await subscription.acknowledged(receipt)
      case .rejected(let rejection):
        _ = steps.time { $0.answered(at: .now) }
        note(rejection)
      case .send(let response):
        try await write(response)
        if let wait = steps.time({ $0.pushed(at: .now) }) { metrics.firstAnswered(after: wait) }
        metrics.pushed(Stream.count(response))
      case .close(let status): throw RPCError(status)
      }
    }
  }

  /// All that is asked for in one response, without a stream.
  func first<Stream: SecretStream>(_ stream: Stream, request: Stream.Request) async throws -> Stream.Response {
    let subscription = await source.subscribe(caller)
    do {
      let response = try await first(stream, request: request, subscription: subscription)
      await subscription.cancel()
      return response
    } catch {
      await subscription.cancel()
      throw error
    }
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
    try await describe(request, reader, &description, subscription)
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
  private func describe<Stream: SecretStream>(
    _ request: Stream.Request,
    _ stream: Stream,
    _ known: inout SubscriberDescription?,
    _ subscription: any SecretSubscription
  ) async throws(RPCError) {
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
      try await subscription.describe(description)
    } catch let error as XDSStatus {
      throw RPCError(error)
    } catch {
      throw RPCError(code: .invalidArgument, message: "\(error)")
    }
  }

  private func note(_ rejection: XDSRejection) {
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
