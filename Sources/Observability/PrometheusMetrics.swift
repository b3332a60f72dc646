package import CoreMetrics
import Synchronization

/// A backend of swift-metrics that renders what it was told as Prometheus text, format 0.0.4.
///
/// Counters become counters, gauges and meters gauges, timers histograms of seconds, recorders histograms of sizes.
/// The same label and dimensions are always the same series, and a series stays once it is there: what it has counted
/// is not lost when its handle goes. Handles hold their own state, so recording never waits for a scrape of another.
package final class PrometheusMetrics: MetricsFactory {
  /// Series of one name; what comes after them is counted together, with every label's value `other`.
  private let maximumSeries: Int
  private let help: [String: String]
  private let families = Mutex<[String: Family]>([:])

  private struct Family {
    var kind: MetricKind
    var series: [String: any PrometheusSeries] = [:]
  }

  /// - Parameter help: what each metric is, by name.
  package init(help: [String: String] = [:], maximumSeries: Int = 500) {
    self.help = help
    self.maximumSeries = maximumSeries
  }

  /// Everything recorded so far; names and series in a stable order.
  package func render() -> String {
    let families = families.withLock { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      text += PrometheusText.header(name: name, kind: family.kind, help: help[name])
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        series.render(name: name, labels: labels, into: &text)
      }
    }
    return text
  }

  // MARK: MetricsFactory

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions, .counter) { CounterSeries() }
  }

  package func makeFloatingPointCounter(
    label: String,
    dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, dimensions, .counter) { FloatingPointCounterSeries() }
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, .gauge) { GaugeSeries() }
  }

  package func makeRecorder(
    label: String,
    dimensions: [(String, String)],
    aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate {
      series(label, dimensions, .histogram) { HistogramSeries(bounds: HistogramSeries.sizes) }
    } else {
      series(label, dimensions, .gauge) { GaugeSeries() }
    }
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions, .histogram) { HistogramSeries(bounds: HistogramSeries.seconds) }
  }

  // Series outlive their handles.
  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  package func destroyMeter(_ handler: any MeterHandler) {}
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  package func destroyTimer(_ handler: any TimerHandler) {}

  /// The series that is there, or a new one. A name that is in use for another kind of metric gets a series that is
  /// not rendered: two kinds under one name are no valid text.
  private func series<Series: PrometheusSeries>(
    _ label: String,
    _ dimensions: [(String, String)],
    _ kind: MetricKind,
    make: () -> Series
  ) -> Series {
    let name = PrometheusText.name(label)
    return families.withLock { families in
      var family = families[name] ?? Family(kind: kind)
      guard family.kind == kind else { return make() }
      var labels = PrometheusText.labels(dimensions)
      if family.series[labels] == nil, family.series.count >= maximumSeries {
        labels = PrometheusText.labels(dimensions.map { ($0.0, "other") })
      }
      if let existing = family.series[labels] { return existing as? Series ?? make() }
      let series = make()
      family.series[labels] = series
      families[name] = family
      return series
    }
  }
}
