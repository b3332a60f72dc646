import Testing

@testable import KubernetesAPI

@Suite struct RetryPolicyTests {
  private let policy = RetryPolicy(
    attempts: 3,
    backoff: Backoff(first: .seconds(1), longest: .seconds(8), jitter: 0),
    longestWait: .seconds(10)
  )

  private func status(_ code: Int, retryAfter: Duration? = nil) -> APIError {
    .refused(KubernetesError(code: code, message: "no", retryAfter: retryAfter))
  }

  private func wait(_ error: APIError, isRead: Bool, failures: Int = 1) -> Duration? {
    policy.wait(after: error, isRead: isRead, failures: failures, draw: 0)
  }

  @Test func `what was throttled was not looked at, so writes are sent again too`() {
    #expect(wait(status(429), isRead: false) == .seconds(1))
    #expect(wait(status(429, retryAfter: .seconds(5)), isRead: false) == .seconds(5))
  }

  @Test func `a wait that is too long is the caller's to plan`() {
    #expect(wait(status(429, retryAfter: .seconds(11)), isRead: true) == nil)
  }

  @Test(arguments: [500, 502, 503, 504])
  func `trouble of the server's is tried again for reads alone`(code: Int) {
    #expect(wait(status(code), isRead: true) == .seconds(1))
    #expect(wait(status(code), isRead: false) == nil)
  }

  @Test(arguments: [400, 401, 403, 404, 409, 410, 422, 501, 505])
  func `an opinion stays the same`(code: Int) {
    #expect(wait(status(code), isRead: true) == nil)
  }

  @Test func `a request that never arrived is sent again, one that may have is not`() {
    let error = { (kind: TransportError.Kind) in APIError.transport(TransportError(kind, "")) }
    #expect(wait(error(.unreachable), isRead: false) == .seconds(1))
    #expect(wait(error(.cut), isRead: true) == .seconds(1))
    #expect(wait(error(.cut), isRead: false) == nil)
    for kind in [TransportError.Kind.timedOut, .untrusted, .tooLarge, .credentials, .cancelled] {
      #expect(wait(error(kind), isRead: true) == nil)
    }
  }

  @Test func `attempts come to an end`() {
    #expect(wait(status(429), isRead: true, failures: 2) == .seconds(2))
    #expect(wait(status(429), isRead: true, failures: 3) == nil)
  }
}
