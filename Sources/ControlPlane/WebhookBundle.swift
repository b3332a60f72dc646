import FoundationEssentials
import KubernetesAPI
import KubernetesObjects

/// What the patcher looks at in a MutatingWebhookConfiguration.
struct WebhookObject: Sendable, Equatable {
  var resourceVersion: String
  var revision: String?
  /// caBundle by the webhook's name, base64; nil where there is none.
  var bundles: [String: String?]

  init?(_ object: JSONView) {
    guard let metadata = ObjectMetadata(of: object) else { return nil }
    resourceVersion = metadata.resourceVersion
    revision = metadata.labels[WebhookBundle.revisionLabel]
    bundles = [:]
    guard let webhooks = object["webhooks"], webhooks.kind == .array else { return }
    for webhook in webhooks.elements {
      guard let name = webhook.string(of: "name") else { continue }
      let bundle = webhook["clientConfig"]?.string(of: "caBundle")
      bundles[name] = .some(bundle.flatMap { $0.isEmpty ? nil : $0 })
    }
  }
}

/// Whether a webhook configuration trusts our serving certificates.
enum WebhookBundle {
  static let revisionLabel = "amesh.apisix.apache.org/control-plane-rev"
  static let domain = ".injection.amesh.apisix.apache.org"

  /// The patch that mends it; nil where nothing is amiss, or where the object is not our revision's.
  ///
  /// - Parameter pem: every root that a serving certificate of ours may be under: of now, before, and soon.
  static func patch(_ object: WebhookObject, name: String, revision: String, pem: String) -> JSONValue? {
    guard object.revision == revision, !pem.isEmpty else { return nil }
    let wanted = Data(pem.utf8).base64EncodedString()
    let ours = object.bundles.filter { $0.key.hasSuffix(domain) }
    guard ours.contains(where: { $0.value != wanted }) else { return nil }
    // All of them: what is left out of an apply is taken away.
    let webhooks = ours.keys.sorted().map { name -> JSONValue in
      ["name": .string(name), "clientConfig": ["caBundle": .string(wanted)]]
    }
    return [
      "apiVersion": .string(KubernetesResource.mutatingWebhookConfigurations.apiVersion),
      "kind": .string(KubernetesResource.mutatingWebhookConfigurations.kind),
      // Only over what was looked at: a webhook that was taken out meanwhile must not come back by this.
      "metadata": ["name": .string(name), "resourceVersion": .string(object.resourceVersion)],
      "webhooks": .array(webhooks),
    ]
  }
}
