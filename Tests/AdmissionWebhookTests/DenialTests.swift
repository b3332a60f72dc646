import Injection
import KubernetesObjects
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import AdmissionWebhook

struct DenialTests {
  private struct Told: Equatable {
    var namespace: String
    var name: String
    var message: String
    var owner: String?
  }

  /// What is told of a review that is answered both ways.
  private static func told(_ review: JSONValue) async throws -> [Told] {
    let told = NIOLockedValueBox<[Told]>([])
    let service = ReviewService(
      injector: CurrentInjector(Injector(settings: MeshSettings())),
      namespaces: StaticNamespaces([
        NamespaceMetadata(name: "shop", labels: [MeshNames.injectionLabel: "enabled"])
      ]),
      metrics: WebhookMetrics(factory: RecordingMetrics()),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      onDenial: { pod in
        let owner = pod.pod["metadata"]?["ownerReferences"]?[0]?.string(of: "name")
        let one = Told(namespace: pod.namespace, name: pod.name, message: pod.message, owner: owner)
        told.withLockedValue { $0.append(one) }
      }
    )
    _ = try service.answerAtOnce(review.serialized(), .injection(.namespace))
    _ = try await service.answer(review.serialized(), .injection(.namespace))
    return told.withLockedValue { $0 }
  }

  private static var refused: JSONValue {
    var pod = Reviews.pod
    var metadata = pod["metadata"] ?? .null
    metadata["annotations"] = ["amesh.apisix.apache.org/log-level": "loud"]
    metadata["ownerReferences"] = [["kind": "ReplicaSet", "name": "web-7d4b9c"]]
    pod["metadata"] = metadata
    return pod
  }

  @Test func `who is refused is told, with the message of the answer`() async throws {
    let told = try await Self.told(Reviews.review(object: Self.refused))
    #expect(told.count == 2)
    let first = try #require(told.first)
    #expect(told == [first, first])
    #expect(first.namespace == "shop")
    #expect(first.name == "web-7d4b9c-*")
    #expect(first.owner == "web-7d4b9c")
    #expect(first.message.contains("amesh.apisix.apache.org/log-level"))
  }

  @Test func `nothing is told of a dry run, of who is let in, and of what is no Pod`() async throws {
    #expect(try await Self.told(Reviews.review(object: Self.refused) { $0["dryRun"] = true }) == [])
    #expect(try await Self.told(Reviews.review()) == [])
    #expect(try await Self.told(Reviews.review(object: Self.refused) { $0["kind"] = nil }) == [])
    #expect(try await Self.told(Reviews.review(object: ["kind": "Secret", "apiVersion": "v1"])) == [])
  }
}
