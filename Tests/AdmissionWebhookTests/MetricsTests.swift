import Injection
import KubernetesObjects
import Testing

@testable import AdmissionWebhook

struct MetricsTests {
  @Test func `reviews, errors and gauges are counted`() async throws {
    let bodies = [
      Reviews.review { $0["operation"] = "DELETE" }, Reviews.review { $0["operation"] = "UPDATE" },
      Reviews.review(object: .null),
    ]
    let metrics = try await withWebhook { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        for body in bodies {
          try await connection.send(Reviews.post(body.serialized()))
          #expect(try await connection.readResponse()?.status == 200)
        }
      }
      return webhook.metrics
    }
    #expect(metrics.value("amesh_injection_requests_total{verdict=skipped,reason=unhandled-operation}") == 2)
    #expect(metrics.value("amesh_injection_requests_total{verdict=denied,reason=malformed}") == 1)
    #expect(metrics.value("amesh_injection_duration_seconds") == 3)
    #expect(metrics.value("amesh_configuration_generation") == 1)
    #expect((metrics.value("amesh_serving_certificate_expiry_seconds") ?? 0) > 1_700_000_000)
    #expect(metrics.value("amesh_webhook_connections") == 0)
  }

  @Test func `a configuration is replaced whole and counted`() {
    let current = CurrentInjector(Injector(settings: MeshSettings()))
    #expect(current.generation == 1)
    var settings = MeshSettings()
    settings.revision = "canary"
    #expect(current.replace(Injector(settings: settings)) == 2)
    #expect(current.responder.injector.settings.revision == "canary")
  }

  @Test(arguments: ["baseline", "restricted"])
  func `namespaces that refuse NET_ADMIN get a warning that fits`(level: String) {
    let namespace = NamespaceMetadata(name: "shop", labels: ["pod-security.kubernetes.io/enforce": level])
    #expect(namespace.refusingPodSecurityLevel == level)
    #expect(PodSecurity.warning(level: level).count <= AdmissionResponse.maximumWarningLength)
  }

  @Test(arguments: [nil, [:], ["pod-security.kubernetes.io/enforce": "privileged"]] as [[String: String]?])
  func `other namespaces don't`(labels: [String: String]?) {
    #expect(NamespaceMetadata(name: "shop", labels: labels).refusingPodSecurityLevel == nil)
  }

  @Test func `what comes back to the budget can be used again`() {
    let budget = BodyBudget(bytes: 100)
    #expect(budget.reserve(60))
    #expect(!budget.reserve(41))
    #expect(!budget.reserve(-1))
    #expect(budget.reserve(40))
    budget.release(60)
    #expect(budget.freeBytes == 60)
  }
}
