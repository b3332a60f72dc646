import CoreMetrics
import Synchronization

/// One series: a name with its labels, and what was recorded for it.
protocol PrometheusSeries: AnyObject, Sendable {
  func render(name: String, labels: String, into text: inout String)
}

final class CounterSeries: PrometheusSeries, CounterHandler {
  private let value = Atomic<Int64>(0)

  /// A counter only grows; it starts again where it would overflow, which Prometheus takes for a restart.
  func increment(by amount: Int64) {
    guard amount > 0 else { return }
    let (_, new) = value.wrappingAdd(amount, ordering: .relaxed)
    if new < 0 { value.store(0, ordering: .relaxed) }
  }

  func reset() { value.store(0, ordering: .relaxed) }

  func render(name: String, labels: String, into text: inout String) {
    text += PrometheusText.sample(name, labels, "\(value.load(ordering: .relaxed))")
  }
}

final class FloatingPointCounterSeries: PrometheusSeries, FloatingPointCounterHandler {
  private let value = Mutex(0.0)

  func increment(by amount: Double) {
    guard amount > 0, amount.isFinite else { return }
    value.withLock { $0 += amount }
  }

  func reset() { value.withLock { $0 = 0 } }

  func render(name: String, labels: String, into text: inout String) {
    text += PrometheusText.sample(name, labels, PrometheusText.number(value.withLock { $0 }))
  }
}

final class GaugeSeries: PrometheusSeries, MeterHandler, RecorderHandler {
  private let value = Mutex(0.0)

  func set(_ new: Int64) { set(Double(new)) }
  func set(_ new: Double) { value.withLock { $0 = new } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }
  func record(_ new: Int64) { set(Double(new)) }
  func record(_ new: Double) { set(new) }

  func render(name: String, labels: String, into text: inout String) {
    text += PrometheusText.sample(name, labels, PrometheusText.number(value.withLock { $0 }))
  }
}

final class HistogramSeries: PrometheusSeries, TimerHandler, RecorderHandler {
  /// Of times: half a millisecond to ten seconds.
  static let seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  /// Of sizes: 256 bytes to 16 MiB.
  static let sizes = (0...8).map { Double(256 << ($0 * 2)) }

  private struct State {
    /// One for each bound, and one for what is above them all.
    var counts: [UInt64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock { state in
      state.counts[bucket] &+= 1
      state.sum += value
    }
  }

  func render(name: String, labels: String, into text: inout String) {
    let state = state.withLock { $0 }
    let prefix = labels.isEmpty ? "" : labels + ","
    var total: UInt64 = 0
    for (index, count) in state.counts.enumerated() {
      total &+= count
      let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
      text += PrometheusText.sample("\(name)_bucket", "\(prefix)le=\"\(bound)\"", "\(total)")
    }
    text += PrometheusText.sample("\(name)_sum", labels, PrometheusText.number(state.sum))
    text += PrometheusText.sample("\(name)_count", labels, "\(total)")
  }
}
