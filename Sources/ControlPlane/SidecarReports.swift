package import CoreMetrics
package import Injection
package import KubernetesAPI
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Tells by metrics how many Pods lack the sidecar that they should have, or carry one that they would not get now. Every
/// replica tells what it sees.
package final class SidecarReports: Service {
  /// Nobody scrapes more often than that pays.
  static let period = Duration.seconds(15)

  private let expected: @Sendable () -> SidecarExpectation
  private let namespace: @Sendable (String) -> NamespaceMetadata?
  private let isKnown: @Sendable () -> Bool
  private let time: Timekeeper
  private let factory: any MetricsFactory
  private let census = NIOLockedValueBox(SidecarCensus())

  /// - Parameters:
  ///   - expected: of this control plane's sidecars, as its configuration is now.
  ///   - namespace: with its labels, as known now.
  ///   - isKnown: whether all Pods and namespaces were heard of once; before that, nothing is told.
  package init(
    expected: @escaping @Sendable () -> SidecarExpectation,
    namespace: @escaping @Sendable (String) -> NamespaceMetadata?,
    isKnown: @escaping @Sendable () -> Bool,
    time: Timekeeper = Timekeeper(),
    factory: any MetricsFactory
  ) {
    self.expected = expected
    self.namespace = namespace
    self.isKnown = isKnown
    self.time = time
    self.factory = factory
  }

  /// To be told of every Pod, in order.
  package func take(_ changes: [SidecarChange]) {
    census.withLockedValue { census in
      for change in changes { census.take(change) }
    }
  }

  package func tally() -> SidecarCensus.Tally {
    census.withLockedValue { $0 }.tally(expected(), namespace: namespace)
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var gauges: SidecarGauges?
      while !Task.isCancelled {
        if self.isKnown() {
          // A gauge that is made says 0.
          let made = gauges ?? SidecarGauges(self.factory)
          gauges = made
          made.record(self.tally())
        }
        try? await self.time.sleep(Self.period)
      }
    }
  }
}

/// The gauges, made once.
private struct SidecarGauges {
  private let missing: Gauge
  private let stale: [SidecarVerdict.StaleReason: Gauge]

  init(_ factory: any MetricsFactory) {
    missing = Gauge(label: "amesh_pods_without_sidecar", dimensions: [], factory: factory)
    stale = Dictionary(
      uniqueKeysWithValues: SidecarVerdict.StaleReason.allCases.map { reason in
        let dimensions = [("reason", reason.rawValue)]
        return (reason, Gauge(label: "amesh_pods_with_stale_sidecar", dimensions: dimensions, factory: factory))
      }
    )
  }

  func record(_ tally: SidecarCensus.Tally) {
    missing.record(tally.missing)
    for (reason, gauge) in stale { gauge.record(tally.stale[reason] ?? 0) }
  }
}
