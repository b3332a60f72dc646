import CoreMetrics
import NIOConcurrencyHelpers

/// A metrics backend that remembers what was recorded, by `label{dimension=value}`.
final class RecordingMetrics: MetricsFactory {
  private let values = NIOLockedValueBox<[String: Double]>([:])

  /// A counter's sum, a recorder's or timer's number of records, a gauge's last value; nil when nothing was recorded.
  func value(_ name: String) -> Double? { values.withLockedValue { $0[name] } }

  /// Everything recorded, by name.
  var all: [String: Double] { values.withLockedValue { $0 } }

  fileprivate func add(_ amount: Double, to name: String) {
    values.withLockedValue { $0[name, default: 0] += amount }
  }

  fileprivate func set(_ name: String, to value: Double) {
    values.withLockedValue { $0[name] = value }
  }

  private static func name(_ label: String, _ dimensions: [(String, String)]) -> String {
    guard !dimensions.isEmpty else { return label }
    return "\(label){\(dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: ","))}"
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    Handler(metrics: self, name: Self.name(label, dimensions), isGauge: false)
  }

  func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    Handler(metrics: self, name: Self.name(label, dimensions), isGauge: false)
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    Handler(metrics: self, name: Self.name(label, dimensions), isGauge: !aggregate)
  }

  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    Handler(metrics: self, name: Self.name(label, dimensions), isGauge: true)
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    Handler(metrics: self, name: Self.name(label, dimensions), isGauge: false)
  }

  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  private final class Handler: CounterHandler, FloatingPointCounterHandler, RecorderHandler, MeterHandler, TimerHandler
  {
    let metrics: RecordingMetrics
    let name: String
    let isGauge: Bool

    init(metrics: RecordingMetrics, name: String, isGauge: Bool) {
      self.metrics = metrics
      self.name = name
      self.isGauge = isGauge
    }

    func increment(by amount: Int64) { metrics.add(Double(amount), to: name) }
    func increment(by amount: Double) { metrics.add(amount, to: name) }
    func decrement(by amount: Double) { metrics.add(-amount, to: name) }
    func reset() { metrics.set(name, to: 0) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { isGauge ? metrics.set(name, to: value) : metrics.add(1, to: name) }
    func set(_ value: Int64) { metrics.set(name, to: Double(value)) }
    func set(_ value: Double) { metrics.set(name, to: value) }
    func recordNanoseconds(_ duration: Int64) { metrics.add(1, to: name) }
  }
}
