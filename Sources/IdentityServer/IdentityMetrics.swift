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
  private let requestDuration: CoreMetrics.Timer
  private let firstAnswer: CoreMetrics.Timer
  private let acknowledgementLag: CoreMetrics.Timer
  private let suppressedLines: Counter
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
    requestDuration = Self.timer("amesh_certificate_request_duration_seconds", factory)
    firstAnswer = Self.timer("amesh_identity_first_answer_seconds", factory)
    acknowledgementLag = Self.timer("amesh_identity_ack_lag_seconds", factory)
    suppressedLines = Counter(label: "amesh_audit_lines_suppressed_total", dimensions: [], factory: factory)
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

  func streamOpened() { Self.change(openStreams, by: 1, streams) }
  func streamClosed() { Self.change(openStreams, by: -1, streams) }
  func pushed(_ count: Int) { pushes.increment(by: Int64(count)) }
  func acknowledged() { acknowledgements.increment() }
  /// From a request for a certificate until its answer, whatever that is.
  func requestAnswered(after duration: Duration) { requestDuration.recordNanoseconds(duration.nanoseconds) }
  /// From a stream's beginning until something is said on it.
  func firstAnswered(after duration: Duration) { firstAnswer.recordNanoseconds(duration.nanoseconds) }
  /// From a push until the client has taken it.
  func acknowledged(after duration: Duration) { acknowledgementLag.recordNanoseconds(duration.nanoseconds) }
  /// Of the audit log.
  func lineSuppressed() { suppressedLines.increment() }
  func rejected() { rejections.increment() }

  /// Ends as seconds since 1970: of the issuer and the root above it, and of the first certificate of an open stream.
  /// Where there is no such certificate, nothing ends: no alert fires for a stream that is closed.
  func expiries(issuer: Date?, root: Date?, soonestLeaf: Date?) {
    for (gauge, end) in [(self.issuer, issuer), (self.root, root), (self.soonestLeaf, soonestLeaf)] {
      gauge.record(end?.timeIntervalSince1970 ?? .infinity)
    }
  }

  func servingCertificateExpires(at date: Date) { serving.record(date.timeIntervalSince1970) }

  private static func timer(_ label: String, _ factory: any MetricsFactory) -> CoreMetrics.Timer {
    CoreMetrics.Timer(label: label, dimensions: [], factory: factory)
  }

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

extension Duration {
  /// None that is measured comes near the limits.
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
  }
}
