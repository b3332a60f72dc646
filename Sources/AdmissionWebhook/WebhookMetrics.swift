package import CoreMetrics
import Injection
import NIOConcurrencyHelpers

/// The webhook's metrics; handles are made once each, never per request.
package final class WebhookMetrics: Sendable {
  private struct Outcome: Hashable {
    var verdict: InjectionOutcome.Verdict
    var reason: ReviewReason
  }

  private let factory: any MetricsFactory
  /// A counter per outcome, and the last one that was asked for: most reviews end as the one before.
  private struct Requests {
    var counters: [Outcome: Counter] = [:]
    var last: (outcome: Outcome, counter: Counter)?
  }

  private let requests = NIOLockedValueBox(Requests())
  private let duration: CoreMetrics.Timer
  private let patchBytes: Recorder
  private let problems: [HTTPProblem.Code: Counter]
  private let connections: Gauge
  private let generation: Gauge
  private let certificateExpiry: Gauge

  package init(factory: any MetricsFactory = MetricsSystem.factory) {
    self.factory = factory
    duration = CoreMetrics.Timer(label: "amesh_injection_duration_seconds", dimensions: [], factory: factory)
    patchBytes = Recorder(label: "amesh_injection_patch_bytes", dimensions: [], aggregate: true, factory: factory)
    problems = Dictionary(
      uniqueKeysWithValues: HTTPProblem.Code.allCases.map { code in
        let counter = Counter(
          label: "amesh_webhook_http_errors_total",
          dimensions: [("code", "\(code.rawValue)")],
          factory: factory
        )
        return (code, counter)
      }
    )
    connections = Gauge(label: "amesh_webhook_connections", dimensions: [], factory: factory)
    generation = Gauge(label: "amesh_configuration_generation", dimensions: [], factory: factory)
    certificateExpiry = Gauge(label: "amesh_serving_certificate_expiry_seconds", dimensions: [], factory: factory)
  }

  /// One review was answered; `nanoseconds` from its body to the answer's.
  func answered(_ answer: ReviewAnswer, nanoseconds: Int64) {
    counter(Outcome(verdict: answer.verdict, reason: answer.reason)).increment()
    duration.recordNanoseconds(nanoseconds)
    if answer.patchBytes > 0 { patchBytes.record(answer.patchBytes) }
  }

  func failed(_ code: HTTPProblem.Code) {
    problems[code]?.increment()
  }

  func connectionsChanged(to count: Int) {
    connections.record(count)
  }

  package func configurationChanged(to number: Int) {
    generation.record(number)
  }

  /// - Parameter seconds: since 1970.
  package func certificateExpires(at seconds: Double) {
    certificateExpiry.record(seconds)
  }

  private func counter(_ outcome: Outcome) -> Counter {
    requests.withLockedValue { requests in
      if let last = requests.last, last.outcome == outcome { return last.counter }
      let counter =
        requests.counters[outcome]
        ?? Counter(
          label: "amesh_injection_requests_total",
          dimensions: [("verdict", outcome.verdict.rawValue), ("reason", outcome.reason.label)],
          factory: factory
        )
      requests.counters[outcome] = counter
      requests.last = (outcome, counter)
      return counter
    }
  }
}
