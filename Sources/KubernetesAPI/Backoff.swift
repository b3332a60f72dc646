/// How long to wait before what failed is tried again: longer each time, and not the same for everybody.
package struct Backoff: Sendable, Hashable {
  package var first: Duration
  package var longest: Duration
  /// The part of a wait that is left to chance, 0 to 1.
  package var jitter: Double

  /// The longest wait is how much later than others one may see that the API server is back.
  package init(first: Duration = .milliseconds(250), longest: Duration = .seconds(10), jitter: Double = 0.5) {
    self.first = first
    self.longest = longest
    self.jitter = jitter
  }

  /// - Parameters:
  ///   - failures: how many there were in a row, this one included.
  ///   - draw: by chance, 0 to 1.
  ///   - retryAfter: what the server asks for; the wait is never shorter, and its chance comes on top.
  package func wait(failures: Int, draw: Double, retryAfter: Duration? = nil) -> Duration {
    var step = first
    // Thirty-two times twice is longer than any limit; more would overflow.
    for _ in 1..<max(2, min(failures, 32)) where failures > 1 && step < longest { step *= 2 }
    step = min(step, longest)
    let chance = min(max(draw, 0), 1) * min(max(jitter, 0), 1)
    guard let retryAfter else { return step * (1 - min(max(jitter, 0), 1) + chance) }
    return retryAfter + step * chance
  }
}
