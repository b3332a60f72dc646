/// How long to wait before the next stream: longer each time, and not the same for every sidecar of a mesh, which lose a
/// control plane all at once.
package struct ReconnectBackoff: Sendable, Hashable {
  package var first: Duration
  package var longest: Duration

  package init(first: Duration = .milliseconds(500), longest: Duration = .seconds(30)) {
    self.first = first
    self.longest = longest
  }

  /// - Parameters:
  ///   - failures: how many there were in a row.
  ///   - draw: by chance, 0 to 1.
  package func wait(failures: Int, draw: Double) -> Duration {
    var step = first
    // Thirty-two times twice is longer than any limit; more would overflow.
    for _ in 0..<min(max(failures, 1) - 1, 32) where step < longest { step *= 2 }
    return min(step, longest) * (0.5 + min(max(draw, 0), 1) / 2)
  }

  /// - Parameter left: until something ends that only a stream can renew; zero or less if there is no such thing.
  package func wait(failures: Int, draw: Double, left: Duration) -> Duration {
    let wait = wait(failures: failures, draw: draw)
    return left > .zero ? min(wait, max(first, left / 4)) : wait
  }
}
