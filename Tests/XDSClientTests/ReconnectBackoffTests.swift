import Testing
import XDSClient

@Suite struct ReconnectBackoffTests {
  @Test(
    arguments: [
      (1, 1.0, Duration.milliseconds(500)), (1, 0, .milliseconds(250)), (2, 1, .seconds(1)), (7, 1, .seconds(30)),
      (.max, 0, .seconds(15)), (0, 1, .milliseconds(500)), (.min, 7, .milliseconds(500)),
    ]
  )
  func `waits double up to a limit, and half of each is left to chance`(
    _ failures: Int,
    _ draw: Double,
    _ wait: Duration
  ) {
    #expect(ReconnectBackoff().wait(failures: failures, draw: draw) == wait)
  }

  @Test func `what ends soon leaves no time for long waits`() {
    let backoff = ReconnectBackoff()
    var (left, failures) = (Duration.seconds(20), 0)
    while left > .seconds(2) {
      failures += 1
      let wait = backoff.wait(failures: failures, draw: 1, left: left)
      #expect(wait <= max(backoff.first, left / 4))
      left -= wait
    }
    // By itself it would be 0.5, 1, 2, 4, 8 and 16 s.
    #expect(failures > 8)
    #expect(backoff.wait(failures: 9, draw: 1, left: .seconds(3600)) == .seconds(30))
    // What has ended is no reason to hurry.
    #expect(backoff.wait(failures: 9, draw: 1, left: .seconds(-1)) == .seconds(30))
  }
}
