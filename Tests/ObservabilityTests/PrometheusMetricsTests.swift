import CoreMetrics
import Observability
import Testing

struct PrometheusMetricsTests {
  private let metrics = PrometheusMetrics(help: ["requests_total": "Requests,\nall of \\ them."])

  @Test func `A counter counts by its labels`() {
    let injected = Counter(label: "requests_total", dimensions: [("verdict", "injected")], factory: metrics)
    injected.increment()
    injected.increment(by: 2)
    Counter(label: "requests_total", dimensions: [("verdict", "denied")], factory: metrics).increment()
    // The same series by another handle.
    Counter(label: "requests_total", dimensions: [("verdict", "injected")], factory: metrics).increment()
    #expect(
      metrics.render() == """
        # HELP requests_total Requests,\\nall of \\\\ them.
        # TYPE requests_total counter
        requests_total{verdict="denied"} 1
        requests_total{verdict="injected"} 4

        """
    )
  }

  @Test func `Gauges and meters hold the last value`() {
    Gauge(label: "size", dimensions: [], factory: metrics).record(2.5)
    let meter = Meter(label: "open", dimensions: [], factory: metrics)
    meter.set(5)
    meter.increment(by: 2)
    meter.decrement(by: 3)
    #expect(metrics.render() == "# TYPE open gauge\nopen 4\n# TYPE size gauge\nsize 2.5\n")
  }

  @Test func `A timer is a histogram of seconds`() {
    let timer = Timer(label: "duration_seconds", dimensions: [("a", "b")], factory: metrics)
    timer.recordNanoseconds(500_000)
    timer.recordNanoseconds(500_001)
    timer.recordNanoseconds(3_000_000_000)
    timer.recordNanoseconds(11_000_000_000)
    let lines = metrics.render().split(separator: "\n").map(String.init)
    #expect(lines.first == "# TYPE duration_seconds histogram")
    #expect(
      lines.dropFirst().map { $0.split(separator: " ").last.map(String.init) } == [
        "1", "2", "2", "2", "2", "2", "2", "2", "2", "2", "2", "2", "3", "3", "4", "14.001000001", "4",
      ]
    )
    #expect(lines.contains("duration_seconds_bucket{a=\"b\",le=\"0.0005\"} 1"))
    #expect(lines.contains("duration_seconds_bucket{a=\"b\",le=\"2.5\"} 2"))
    #expect(lines.contains("duration_seconds_bucket{a=\"b\",le=\"+Inf\"} 4"))
    #expect(lines.last == "duration_seconds_count{a=\"b\"} 4")
  }

  @Test func `A recorder is a histogram of sizes`() {
    let recorder = Recorder(label: "bytes", dimensions: [], factory: metrics)
    recorder.record(300)
    recorder.record(1 << 30)
    let text = metrics.render()
    #expect(text.contains("bytes_bucket{le=\"256\"} 0\nbytes_bucket{le=\"1024\"} 1\n"))
    #expect(text.contains("bytes_bucket{le=\"16777216\"} 1\nbytes_bucket{le=\"+Inf\"} 2\n"))
    #expect(text.hasSuffix("bytes_sum 1073742124\nbytes_count 2\n"))
  }

  @Test(
    arguments: [
      ("a.b-c", [("x y", "1")], "a_b_c{x_y=\"1\"} 1"), ("1a", [], "_1a 1"), ("", [], "_ 1"), ("a:b", [], "a:b 1"),
      ("a", [("l:x", "\"q\" \\ \n")], "a{l_x=\"\\\"q\\\" \\\\ \\n\"} 1"), ("é", [], "__ 1"),
      ("a", [("b", "2"), ("a", "1")], "a{a=\"1\",b=\"2\"} 1"),
    ] as [(String, [(String, String)], String)]
  )
  func `Names are made valid and values escaped`(label: String, dimensions: [(String, String)], line: String) {
    Counter(label: label, dimensions: dimensions, factory: metrics).increment()
    #expect(metrics.render().split(separator: "\n").last.map(String.init) == line)
  }

  @Test func `The number of series is bounded`() {
    let metrics = PrometheusMetrics(maximumSeries: 3)
    for index in 0..<10 {
      Counter(label: "c", dimensions: [("id", "\(index)")], factory: metrics).increment()
    }
    #expect(
      metrics.render() == "# TYPE c counter\nc{id=\"0\"} 1\nc{id=\"1\"} 1\nc{id=\"2\"} 1\nc{id=\"other\"} 7\n"
    )
  }

  @Test func `A name is of one kind`() {
    Counter(label: "x", dimensions: [], factory: metrics).increment()
    Gauge(label: "x", dimensions: [], factory: metrics).record(5)
    #expect(metrics.render() == "# TYPE x counter\nx 1\n")
  }

  @Test func `What makes no sense changes nothing`() {
    let counter = metrics.makeCounter(label: "c", dimensions: [])
    counter.increment(by: -5)
    counter.increment(by: .max)
    counter.increment(by: 1)
    let floating = metrics.makeFloatingPointCounter(label: "f", dimensions: [])
    floating.increment(by: -1)
    floating.increment(by: .nan)
    let recorder = metrics.makeRecorder(label: "r", dimensions: [], aggregate: true)
    recorder.record(Double.nan)
    let gauge = metrics.makeRecorder(label: "g", dimensions: [], aggregate: false)
    gauge.record(Double.infinity)
    let text = metrics.render()
    #expect(text.contains("\nc 0\n"))
    #expect(text.contains("\nf 0\n"))
    #expect(text.contains("\nr_count 0\n"))
    #expect(text.contains("\ng +Inf\n"))
  }

  @Test func `Threads lose no count`() async {
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask { [metrics] in
          for index in 0..<1000 {
            Counter(label: "c", dimensions: [("i", "\(index % 5)")], factory: metrics).increment()
            Timer(label: "t", dimensions: [], factory: metrics).recordNanoseconds(Int64(task))
            if index % 250 == 0 { _ = metrics.render() }
          }
        }
      }
    }
    let text = metrics.render()
    #expect(text.contains("c{i=\"4\"} 1600\n"))
    #expect(text.contains("t_count 8000\n"))
  }
}
