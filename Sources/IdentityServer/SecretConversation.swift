import GRPCCore
import Logging
import NIOConcurrencyHelpers
import SecretDiscovery
import XDSProtocol

/// One caller's stream: its state machine takes requests and changes one at a time, and the next only when what came of
/// the last is written. So a client that reads slowly holds up nobody, and skips what is outdated when it reads on.
///
/// All but the writing is done without suspending: what a task keeps over a suspension costs memory as long as it lives,
/// and there is one of these for each of thousands of idle streams.
final class SecretConversation<Stream: SecretStream>: Sendable {
  private struct State {
    var stream: Stream
    var secrets: CallerSecrets
    var timing = StreamTiming(began: .now)
    /// What the source was told of the client.
    var description: SubscriberDescription?
    /// The client sends nothing more.
    var isOver = false
    var isTaken = false
    /// The other task, if it waits for its turn.
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let session: SecretSession
  private let subscription: any SecretSubscription
  private let write: @Sendable (Stream.Response) async throws -> Void
  private let state: NIOLockedValueBox<State>

  init(
    _ stream: Stream,
    session: SecretSession,
    subscription: any SecretSubscription,
    write: @escaping @Sendable (Stream.Response) async throws -> Void
  ) {
    self.session = session
    self.subscription = subscription
    self.write = write
    state = NIOLockedValueBox(State(stream: stream, secrets: subscription.initial))
  }

  /// Waits for the source; a task of its own waits for the client. Called once.
  ///
  /// - Throws: what ends the stream.
  func run(_ requests: RPCAsyncSequence<Stream.Request, any Error>) async throws {
    async let heard: Void = hear(requests)
    for await secrets in subscription.changes { try await take(secrets) }
    guard isOver else { throw RPCError(code: .unavailable, message: "the server ends this stream; open another") }
    try await heard
  }

  private var isOver: Bool { state.withLockedValue { $0.isOver } }

  /// Takes all that the client sends; then there are no more changes.
  private func hear(_ requests: RPCAsyncSequence<Stream.Request, any Error>) async throws {
    defer {
      state.withLockedValue { $0.isOver = true }
      subscription.cancel()
    }
    for try await request in requests { try await take(request) }
  }

  private func take(_ request: Stream.Request) async throws {
    await enter()
    defer { leave() }
    for response in try react(to: request) { try await send(response) }
  }

  private func take(_ secrets: CallerSecrets) async throws {
    await enter()
    defer { leave() }
    for response in try react(to: secrets) { try await send(response) }
  }

  private func send(_ response: Stream.Response) async throws {
    try await write(response)
    let wait = state.withLockedValue { $0.timing.pushed(at: .now) }
    if let wait { session.metrics.firstAnswered(after: wait) }
    session.metrics.pushed(Stream.count(response))
  }

  private func react(to request: Stream.Request) throws(RPCError) -> [Stream.Response] {
    let actions = state.withLockedValue { $0.stream.receive(request, resources: $0.secrets) }
    // The first message tells how the caller wants its certificates, if only by saying nothing of it.
    try describe(request)
    return try act(actions)
  }

  private func react(to secrets: CallerSecrets) throws(RPCError) -> [Stream.Response] {
    let actions = state.withLockedValue { state in
      state.secrets = secrets
      return state.stream.resourcesChanged(secrets)
    }
    return try act(actions)
  }

  /// - Returns: what is to be sent.
  /// - Throws: what ends the stream.
  private func act(_ actions: [XDSAction<Stream.Response>]) throws(RPCError) -> [Stream.Response] {
    var responses: [Stream.Response] = []
    for action in actions {
      switch action {
      case .node: continue
      case .acknowledged(let receipt):
        session.metrics.acknowledged()
        if let lag = answered() { session.metrics.acknowledged(after: lag) }
        subscription.acknowledged(receipt)
      case .rejected(let rejection):
        _ = answered()
        session.note(rejection)
      case .send(let response): responses.append(response)
      case .close(let status): throw RPCError(status)
      }
    }
    return responses
  }

  private func answered() -> Duration? { state.withLockedValue { $0.timing.answered(at: .now) } }

  private func describe(_ request: Stream.Request) throws(RPCError) {
    var (stream, description) = state.withLockedValue { ($0.stream, $0.description) }
    try session.describe(request, stream, &description, subscription)
    state.withLockedValue { $0.description = description }
  }

  // MARK: Turns

  private func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLockedValue { state in
        guard state.isTaken else {
          state.isTaken = true
          return true
        }
        state.waiting = continuation
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  private func leave() {
    let next = state.withLockedValue { state in
      defer { state.waiting = nil }
      state.isTaken = state.waiting != nil
      return state.waiting
    }
    next?.resume()
  }
}
