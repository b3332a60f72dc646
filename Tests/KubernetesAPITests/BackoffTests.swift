import Testing

@testable import KubernetesAPI

@Suite struct BackoffTests {
  private let backoff = Backoff(first: .seconds(1), longest: .seconds(30), jitter: 0.5)

  @Test func `waits double up to the longest`() {
    let waits = (1...7).map { backoff.wait(failures: $0, draw: 1) }
    #expect(waits == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
    #expect(backoff.wait(failures: Int.max, draw: 1) == .seconds(30))
    #expect(backoff.wait(failures: 0, draw: 1) == .seconds(1))
  }

  @Test func `chance takes away at most its part`() {
    #expect(backoff.wait(failures: 3, draw: 0) == .seconds(2))
    #expect(backoff.wait(failures: 3, draw: 0.5) == .seconds(3))
    #expect(backoff.wait(failures: 3, draw: -7) == .seconds(2))
    #expect(backoff.wait(failures: 3, draw: 7) == .seconds(4))
  }

  @Test func `what the server asks for is never cut short`() {
    #expect(backoff.wait(failures: 1, draw: 0, retryAfter: .seconds(20)) == .seconds(20))
    #expect(backoff.wait(failures: 1, draw: 1, retryAfter: .seconds(20)) == .seconds(20.5))
  }
}
