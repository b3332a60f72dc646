import Observability
import Testing

struct ProcessMetricsTests {
  private static let stat =
    "77 (a) b (c) S 1 77 77 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 9 0 2000 123456 300 18446744073709551615 1 1 0 0"

  @Test func `Fields are found behind any command name`() throws {
    let metrics = try #require(
      ProcessMetrics(stat: Self.stat, bootTime: 1_000_000, ticks: 100, pageSize: 4096, openFileDescriptors: 7)
    )
    #expect(metrics.cpuSeconds == 2)
    #expect(metrics.startTimeSeconds == 1_000_020)
    #expect(metrics.residentMemoryBytes == 1_228_800)
    #expect(metrics.render().contains("# TYPE process_open_fds gauge\nprocess_open_fds 7\n"))
  }

  @Test(arguments: ["", ")", "1 (a) S 1", "1 (a S 1 2 3", "1 (a) S" + String(repeating: " x", count: 40)])
  func `Another form is not guessed at`(stat: String) {
    #expect(ProcessMetrics(stat: stat, bootTime: 0, ticks: 100, pageSize: 4096, openFileDescriptors: 0) == nil)
  }

  @Test func `This process has memory, files and a start`() throws {
    let metrics = try #require(ProcessMetrics.current())
    #expect(metrics.residentMemoryBytes > 1_000_000)
    #expect(metrics.openFileDescriptors >= 3)
    let now = Double(Timestamp.now().milliseconds) / 1000
    #expect(metrics.startTimeSeconds <= now + 1 && metrics.startTimeSeconds > now - 86400)
  }
}
