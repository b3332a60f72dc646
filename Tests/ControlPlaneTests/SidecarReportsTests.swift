import CoreMetrics
import Injection
import KubernetesAPI
import KubernetesTesting
import MetricsTestKit
import NIOConcurrencyHelpers
import Testing

@testable import ControlPlane

@Suite(.timeLimit(.minutes(1)))
struct SidecarReportsTests {
  private static let mark = SidecarMark(version: "1", revision: "default", configHash: "h1")

  /// What the gauges say; nil while there are none.
  private static func told(_ metrics: TestMetrics) -> [String: Double]? {
    guard let missing = try? metrics.expectGauge("amesh_pods_without_sidecar").lastValue else { return nil }
    var told = ["missing": missing]
    for reason in SidecarVerdict.StaleReason.allCases {
      let recorder = try? metrics.expectGauge("amesh_pods_with_stale_sidecar", [("reason", reason.rawValue)])
      told[reason.rawValue] = recorder?.lastValue
    }
    return told.filter { $0.value != 0 }
  }

  @Test func `Gauges follow Pods, labels and the configuration`() async throws {
    let metrics = TestMetrics()
    let clock = ManualClock()
    let labels = NIOLockedValueBox<[String: String]>([:])
    let hash = NIOLockedValueBox("h1")
    let isKnown = NIOLockedValueBox(false)
    let reports = SidecarReports(
      expected: {
        SidecarExpectation(
          revision: "default",
          controlPlaneNamespace: "amesh-system",
          version: "1",
          configHash: hash.withLockedValue { $0 }
        )
      },
      namespace: { NamespaceMetadata(name: $0, labels: labels.withLockedValue { $0 }) },
      isKnown: { isKnown.withLockedValue { $0 } },
      time: Timekeeper(clock),
      factory: metrics
    )
    let current = PodSidecar(hasProxy: true, mark: Self.mark)
    reports.take([
      SidecarChange(namespace: "shop", before: nil, after: PodSidecar()),
      SidecarChange(namespace: "shop", before: nil, after: current),
    ])
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await reports.run() }
      await clock.waitForSleepers(1)
      #expect(Self.told(metrics) == nil, "nothing is told before everything is known")
      for (change, expected) in [
        ({ isKnown.withLockedValue { $0 = true } }, [:]),
        ({ labels.withLockedValue { $0 = [MeshNames.injectionLabel: "enabled"] } }, ["missing": 1]),
        ({ hash.withLockedValue { $0 = "h2" } }, ["missing": 1, "configuration": 1]),
        ({ reports.take([SidecarChange(namespace: "shop", before: PodSidecar(), after: nil)]) }, ["configuration": 1]),
      ] as [(() -> Void, [String: Double])] {
        change()
        clock.advance(by: SidecarReports.period)
        await clock.waitForSleepers(1)
        #expect(Self.told(metrics) == expected)
      }
      group.cancelAll()
    }
  }
}
