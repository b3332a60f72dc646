package import CoreMetrics
import NIOConcurrencyHelpers

/// The metrics of connections and of calls that are refused; handles are made once each, and no identity is in a label.
package final class CallServerMetrics: Sendable {
  private let openConnections = NIOLockedValueBox(0)
  private let connections: Gauge
  private let connectionsRefused: [String: Counter]
  private let connectionsCut: [ConnectionDeadlines.Cut: Counter]
  private let streamsRefused: [StreamBook.Refusal: Counter]

  package init(factory: any MetricsFactory = MetricsSystem.factory) {
    connections = Gauge(label: "amesh_identity_connections", dimensions: [], factory: factory)
    func counters<Key: Hashable>(_ label: String, _ keys: [Key], _ reason: (Key) -> String) -> [Key: Counter] {
      let pairs = keys.map { ($0, Counter(label: label, dimensions: [("reason", reason($0))], factory: factory)) }
      return Dictionary(uniqueKeysWithValues: pairs)
    }
    let refusals = ConnectionBook.Refusal.allCases.map(\.rawValue) + [Self.noCertificate]
    connectionsRefused = counters("amesh_identity_connections_refused_total", refusals) { $0 }
    connectionsCut = counters("amesh_identity_connections_cut_total", ConnectionDeadlines.Cut.allCases) { $0.rawValue }
    streamsRefused = counters("amesh_identity_streams_refused_total", StreamBook.Refusal.allCases) { $0.rawValue }
  }

  func connectionOpened() { change(by: 1) }
  func connectionClosed() { change(by: -1) }
  func connectionRefused(_ reason: ConnectionBook.Refusal) { connectionsRefused[reason.rawValue]?.increment() }
  /// The server has none to show yet.
  func connectionRefusedWithoutCertificate() { connectionsRefused[Self.noCertificate]?.increment() }
  func connectionCut(_ reason: ConnectionDeadlines.Cut) { connectionsCut[reason]?.increment() }
  func streamRefused(_ reason: StreamBook.Refusal) { streamsRefused[reason]?.increment() }

  private static let noCertificate = "no_certificate"

  private func change(by change: Int) {
    // Recorded under the lock, so that the last one recorded is the last one counted.
    openConnections.withLockedValue { count in
      count += change
      connections.record(count)
    }
  }
}
