package import CoreMetrics
import NIOConcurrencyHelpers

/// The metrics of workload discovery; no identity and no address is in a label.
package struct WorkloadMetrics: Sendable {
  private let open = NIOLockedValueBox(0)
  private let streams: Gauge
  private let names: Gauge
  private let known: Gauge
  private let pushes: Counter
  private let rejections: Counter

  package init(factory: any MetricsFactory = MetricsSystem.factory) {
    streams = Gauge(label: "amesh_workload_streams", dimensions: [], factory: factory)
    names = Gauge(label: "amesh_workload_subscriptions", dimensions: [], factory: factory)
    known = Gauge(label: "amesh_workload_addresses", dimensions: [], factory: factory)
    pushes = Counter(label: "amesh_workload_pushes_total", dimensions: [], factory: factory)
    rejections = Counter(label: "amesh_workload_nacks_total", dimensions: [], factory: factory)
  }

  func streamOpened() { count(1) }
  func streamClosed() { count(-1) }
  func subscriptions(_ count: Int) { names.record(count) }
  func addresses(_ count: Int) { known.record(count) }
  func pushed(_ count: Int) { pushes.increment(by: Int64(count)) }
  func rejected() { rejections.increment() }

  private func count(_ change: Int) {
    // Recorded under the lock, so that the last one recorded is the last one counted.
    open.withLockedValue { open in
      open += change
      streams.record(open)
    }
  }
}
