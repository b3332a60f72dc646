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
}
