import CertificateAuthority
import FoundationEssentials
package import KubernetesAPI
import KubernetesObjects

/// Which webhooks are ours.
package struct WebhookKind: Sendable, Hashable {
  /// Of their configurations.
  package var resource: KubernetesResource
  /// What their names end with.
  var domain: String

  /// Of Pods.
  package static let injection = WebhookKind(
    resource: .mutatingWebhookConfigurations,
    domain: ".injection.amesh.apisix.apache.org"
  )
  /// Of plugin configurations.
  package static let plugins = WebhookKind(
    resource: .validatingWebhookConfigurations,
    domain: ".plugins.amesh.apisix.apache.org"
  )
}

/// What the patcher looks at in a webhook configuration.
struct WebhookObject: Sendable, Equatable {
  var resourceVersion: String
  var revision: String?
  /// caBundle by the webhook's name, base64; empty where there is none.
  var bundles: [String: String]

  init?(_ object: JSONView) {
    guard let metadata = ObjectMetadata(of: object) else { return nil }
    resourceVersion = metadata.resourceVersion
    revision = metadata.labels[WebhookBundle.revisionLabel]
    bundles = [:]
    guard let webhooks = object["webhooks"], webhooks.kind == .array else { return }
    for webhook in webhooks.elements {
      guard let name = webhook.string(of: "name") else { continue }
      bundles[name] = webhook["clientConfig"]?.string(of: "caBundle") ?? ""
    }
  }
}

/// Whether a webhook configuration trusts our serving certificates, and what mends it.
///
/// Every replica of a revision sees to it, and for a moment they may know different roots. So what is missing is put in at
/// once, and what nobody needs is taken out only after it has stood there for a while: they can't undo each other's work.
struct WebhookBundle: Sendable, Equatable {
  static let revisionLabel = "amesh.apisix.apache.org/control-plane-rev"
  private static let maximumRoots = 64

  /// Nil where nothing is amiss, or where the object is not our revision's.
  private(set) var patch: JSONValue?
  /// Whether there is something to take out later.
  private(set) var hasExtras = false

  /// - Parameters:
  ///   - pem: every root that a serving certificate of ours may be under: of now, before, and soon.
  ///   - mayRemove: whether other roots are to go.
  init(
    _ object: WebhookObject,
    kind: WebhookKind = .injection,
    name: String,
    revision: String,
    pem: String,
    mayRemove: Bool
  ) {
    let wanted = Self.certificates(pem)
    guard object.revision == revision, !wanted.isEmpty else { return }
    let ours = object.bundles.filter { $0.key.hasSuffix(kind.domain) }
    let held = ours.mapValues { bundle in
      Data(base64Encoded: bundle).map { Self.certificates(String(decoding: $0, as: UTF8.self)) } ?? []
    }
    let others = Set(held.values.joined()).subtracting(wanted).sorted { $0.lexicographicallyPrecedes($1) }
    // No more than are read back.
    let extras = Set(others.prefix(max(0, Self.maximumRoots - wanted.count)))
    hasExtras = !extras.isEmpty && !mayRemove
    let right = mayRemove ? Set(wanted) : extras.union(wanted)
    guard held.values.contains(where: { Set($0) != right }) else { return }
    let all = wanted + right.subtracting(wanted).sorted { $0.lexicographicallyPrecedes($1) }
    let text = all.map { PEM.text(label: "CERTIFICATE", derBytes: $0) }.joined()
    // All webhooks of ours: what is left out of an apply is taken away.
    let webhooks = ours.keys.sorted().map { name -> JSONValue in
      ["name": .string(name), "clientConfig": ["caBundle": .string(Data(text.utf8).base64EncodedString())]]
    }
    patch = [
      "apiVersion": .string(kind.resource.apiVersion),
      "kind": .string(kind.resource.kind),
      // Only over what was looked at: a webhook that was taken out meanwhile must not come back by this.
      "metadata": ["name": .string(name), "resourceVersion": .string(object.resourceVersion)],
      "webhooks": .array(webhooks),
    ]
  }

  /// DER of each; none where something else is among them.
  private static func certificates(_ pem: String) -> [[UInt8]] {
    let limit = PluggedInContents.maximumBytes
    let bytes = Array(pem.utf8.prefix(limit + 1))
    let blocks = (try? PEM.blocks(in: bytes, maximumBytes: limit, maximumBlocks: maximumRoots)) ?? []
    return blocks.allSatisfy { $0.label == "CERTIFICATE" } ? blocks.map(\.derBytes) : []
  }
}
