import CallerAuthentication
package import CoreMetrics
import FoundationEssentials
import NIOConcurrencyHelpers

/// The metrics of the identity services; handles are made once each, and no identity is in a label.
package final class IdentityMetrics: Sendable {
  private let factory: any MetricsFactory
  private let counters = NIOLockedValueBox<[String: Counter]>([:])
  private let openStreams = NIOLockedValueBox(0)
  private let streams: Gauge
  private let openConnections = NIOLockedValueBox(0)
  private let connections: Gauge
  private let pushes: Counter
  private let acknowledgements: Counter
  private let rejections: Counter
  private let soonestLeaf: Gauge
  private let issuer: Gauge
  private let root: Gauge
  private let serving: Gauge

  package init(factory: any MetricsFactory = MetricsSystem.factory) {
    self.factory = factory
    streams = Gauge(label: "amesh_identity_streams", dimensions: [], factory: factory)
    connections = Gauge(label: "amesh_identity_connections", dimensions: [], factory: factory)
    pushes = Counter(label: "amesh_identity_pushes_total", dimensions: [], factory: factory)
    acknowledgements = Counter(label: "amesh_identity_acks_total", dimensions: [], factory: factory)
    rejections = Counter(label: "amesh_identity_nacks_total", dimensions: [], factory: factory)
    soonestLeaf = Gauge(label: "amesh_identity_soonest_leaf_expiry_seconds", dimensions: [], factory: factory)
    issuer = Gauge(label: "amesh_identity_issuer_expiry_seconds", dimensions: [], factory: factory)
    root = Gauge(label: "amesh_identity_root_expiry_seconds", dimensions: [], factory: factory)
    serving = Gauge(label: "amesh_identity_serving_certificate_expiry_seconds", dimensions: [], factory: factory)
  }

  func issued(through interface: WorkloadIssuer.Interface, method: Caller.Method) {
    counter(
      "amesh_certificates_issued_total",
      [("interface", interface.rawValue), ("authenticator", method.rawValue)]
    ).increment()
  }

  /// - Parameter reason: of a closed set.
  func refused(_ reason: String) {
    counter("amesh_certificates_refused_total", [("reason", reason)]).increment()
  }

  func connectionOpened() { Self.change(openConnections, by: 1, connections) }
  func connectionClosed() { Self.change(openConnections, by: -1, connections) }

  /// - Parameter reason: of a closed set.
  func connectionRefused(_ reason: String) {
    counter("amesh_identity_connections_refused_total", [("reason", reason)]).increment()
  }

  func connectionCut(_ reason: ConnectionDeadlines.Cut) {
    counter("amesh_identity_connections_cut_total", [("reason", reason.rawValue)]).increment()
  }

  func streamRefused(_ reason: StreamBook.Refusal) {
    counter("amesh_identity_streams_refused_total", [("reason", reason.rawValue)]).increment()
  }

  func streamOpened() { Self.change(openStreams, by: 1, streams) }
  func streamClosed() { Self.change(openStreams, by: -1, streams) }
  func pushed(_ count: Int) { pushes.increment(by: Int64(count)) }
  func acknowledged() { acknowledgements.increment() }
  func rejected() { rejections.increment() }

  /// Ends as seconds since 1970: of the issuer and the root above it, and of the first certificate of an open stream.
  /// What is nil is left as it was.
  func expiries(issuer: Date?, root: Date?, soonestLeaf: Date?) {
    if let issuer { self.issuer.record(issuer.timeIntervalSince1970) }
    if let root { self.root.record(root.timeIntervalSince1970) }
    if let soonestLeaf { self.soonestLeaf.record(soonestLeaf.timeIntervalSince1970) }
  }

  func servingCertificateExpires(at date: Date) { serving.record(date.timeIntervalSince1970) }

  private static func change(_ count: NIOLockedValueBox<Int>, by change: Int, _ gauge: Gauge) {
    // Recorded under the lock, so that the last one recorded is the last one counted.
    count.withLockedValue { count in
      count += change
      gauge.record(count)
    }
  }

  private func counter(_ label: String, _ dimensions: [(String, String)]) -> Counter {
    let key = dimensions.reduce(label) { "\($0),\($1.1)" }
    return counters.withLockedValue { counters in
      if let counter = counters[key] { return counter }
      let counter = Counter(label: label, dimensions: dimensions, factory: factory)
      counters[key] = counter
      return counter
    }
  }
}
