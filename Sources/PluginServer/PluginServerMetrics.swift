package import CoreMetrics

/// What is counted of streams.
package struct PluginServerMetrics: Sendable {
  enum Acknowledgement: String, Sendable, CaseIterable {
    case applied
    case partlyRefused = "partly_refused"
    case unknown
  }

  private let streams: Gauge
  private let pushes: Counter
  private let acknowledgements: [Acknowledgement: Counter]

  package init(factory: any MetricsFactory) {
    streams = Gauge(label: "amesh_plugin_streams", dimensions: [], factory: factory)
    pushes = Counter(label: "amesh_plugin_pushes_total", factory: factory)
    acknowledgements = Dictionary(
      uniqueKeysWithValues: Acknowledgement.allCases.map { result in
        let dimensions = [("result", result.rawValue)]
        return (result, Counter(label: "amesh_plugin_acknowledgements_total", dimensions: dimensions, factory: factory))
      }
    )
    streams.record(0)
  }

  func streams(_ count: Int) { streams.record(count) }
  func pushed() { pushes.increment() }
  func acknowledged(_ result: Acknowledgement) { acknowledgements[result]?.increment() }
}
