/// Which failed requests are sent again by the client itself, so that a moment's trouble is not everyone's. A value: time
/// and chance come in.
package struct RetryPolicy: Sendable, Hashable {
  /// Of one request, the first included.
  package var attempts: Int
  package var backoff: Backoff
  /// A longer wait is the caller's to plan.
  package var longestWait: Duration

  package init(
    attempts: Int = 4,
    backoff: Backoff = Backoff(first: .milliseconds(100), longest: .seconds(2)),
    longestWait: Duration = .seconds(10)
  ) {
    self.attempts = attempts
    self.backoff = backoff
    self.longestWait = longestWait
  }

  /// How long to wait before the next attempt; nil for none.
  ///
  /// - Parameters:
  ///   - isRead: asking twice is the same as once. A write may have happened although no answer came, and what happened
  ///     then is the caller's to find out.
  ///   - failures: of this request, this one included.
  func wait(after error: APIError, isRead: Bool, failures: Int, draw: Double) -> Duration? {
    guard failures < attempts, isSafe(after: error, isRead: isRead) else { return nil }
    let wait = backoff.wait(failures: failures, draw: draw, retryAfter: error.retryAfter)
    return wait <= longestWait ? wait : nil
  }

  private func isSafe(after error: APIError, isRead: Bool) -> Bool {
    switch error {
    case .refused(let status):
      // A throttled request was not looked at.
      if status.isThrottled { return true }
      return isRead && (500...504).contains(status.code) && status.code != 501
    case .transport(let problem):
      switch problem.kind {
      case .unreachable: return true
      case .cut: return isRead
      // It has had its time.
      case .timedOut, .untrusted, .tooLarge, .credentials, .cancelled: return false
      }
    case .invalidAnswer, .request: return false
    }
  }
}
