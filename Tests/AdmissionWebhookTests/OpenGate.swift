import Synchronization

/// Lets one task wait until so many others have arrived.
final class OpenGate: Sendable {
  private let remaining: Mutex<Int>
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init(count: Int) {
    remaining = Mutex(count)
    (stream, continuation) = AsyncStream.makeStream(of: Void.self)
  }

  func arrive() async {
    let isLast = remaining.withLock { remaining in
      remaining -= 1
      return remaining == 0
    }
    if isLast { continuation.finish() }
  }

  /// Returns once everyone has arrived.
  func wait() async {
    for await _ in stream {}
  }
}
