import NIOConcurrencyHelpers
import SecretDiscovery
import XDSProtocol

/// What the two tasks of a stream share: its state machine, which takes requests and changes one at a time, the next only
/// when what came of the last is written.
final class StreamSteps<Stream: SecretStream>: Sendable {
  private struct State {
    var stream: Stream
    var secrets: CallerSecrets
    var timing = StreamTiming(began: .now)
    var isTaken = false
    /// The other task, if it waits for its turn.
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let state: NIOLockedValueBox<State>

  init(_ stream: Stream, secrets: CallerSecrets) {
    state = NIOLockedValueBox(State(stream: stream, secrets: secrets))
  }

  /// Runs `body` when the other task's step is done.
  func take(_ body: () async throws -> Void) async throws {
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
    defer { leave() }
    try await body()
  }

  private func leave() {
    let next = state.withLockedValue { state in
      defer { state.waiting = nil }
      state.isTaken = state.waiting != nil
      return state.waiting
    }
    next?.resume()
  }

  /// As it is at the end of the last step.
  var stream: Stream { state.withLockedValue { $0.stream } }

  func time(_ body: (inout StreamTiming) -> Duration?) -> Duration? { state.withLockedValue { body(&$0.timing) } }

  func receive(_ request: Stream.Request) -> [XDSAction<Stream.Response>] {
    state.withLockedValue { $0.stream.receive(request, resources: $0.secrets) }
  }

  func changed(_ secrets: CallerSecrets) -> [XDSAction<Stream.Response>] {
    state.withLockedValue { state in
      state.secrets = secrets
      return state.stream.resourcesChanged(secrets)
    }
  }
}
