import Foundation
import KubernetesObjects
import KubernetesYAML
import Testing

@testable import ClusterDiagnosis

/// What a diagnosis expects is what the manifests install.
struct ManifestTests {
  private static func objects(_ path: String) throws -> [JSONView] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../manifests")
    let text = try Data(contentsOf: folder.appending(path: path))
    return try YAMLDocument.stream(Array(text)).map { try JSONDocument(parsing: $0.value.serialized()).root }
  }

  @Test(arguments: [("default", "base/webhooks.yaml"), ("canary", "overlays/revision/webhooks.yaml")])
  func `The webhooks of the manifests are those that are expected`(_ revision: String, _ path: String) throws {
    let objects = try Self.objects(path)
    let configuration = try #require(objects.compactMap { WebhookConfigurationFacts($0) }.first)
    #expect(configuration.revision == revision)
    let expected = ExpectedWebhook.all(DiagnosisSubject(namespace: "amesh-system", revision: revision))
    #expect(configuration.webhooks.map(\.name) == expected.map(\.name))
    for (wanted, webhook) in zip(expected, configuration.webhooks) {
      // The namespace of the Service is kustomize's to fill in, and with it the path is read.
      var webhook = webhook
      webhook.path = wanted.path
      #expect(wanted.differences(webhook) == [], "\(webhook.name)")
    }
    let paths = objects.flatMap { $0.parts("webhooks") }.map { $0["clientConfig"]?["service"]?.string(of: "path") }
    #expect(paths == expected.map(\.path))
  }

  @Test func `The permissions that are asked for are those that the manifests give`() throws {
    var given: Set<Permission> = []
    for (path, namespace) in [("control-plane/cluster-role.yaml", nil), ("control-plane/role.yaml", "amesh-system")] {
      for rule in try Self.objects(path).flatMap({ $0.parts("rules") }) {
        for (group, resource) in rule.list("apiGroups").flatMap({ group in rule.list("resources").map { (group, $0) } })
        {
          for verb in rule.list("verbs") {
            let names: [String?] = rule.has("resourceNames") ? rule.list("resourceNames") : [nil]
            for name in names {
              given.insert(Permission(verb, group, resource, namespace: namespace, name: name))
            }
          }
        }
      }
    }
    let subject = DiagnosisSubject(namespace: "amesh-system", revision: "default")
    #expect(Set(Permission.needed(by: subject, configurations: ["amesh-sidecar-injector"])) == given)
  }
}
