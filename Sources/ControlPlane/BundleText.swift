import CertificateAuthority
import KubernetesAPI
import KubernetesObjects
import NIOConcurrencyHelpers

/// The bundle in one namespace's ConfigMap.
struct HeldBundle: Sendable, Equatable {
  /// Nil where the key is missing.
  var text: BundleText?
  var generation: Int?
  var resourceVersion: String
}

/// A bundle as PEM and what is in it. Equal ones share their memory.
struct BundleText: Sendable, Equatable {
  let pem: String
  let roots: Set<AuthorityID>

  init(pem: String, roots: Set<AuthorityID>) {
    self.pem = pem
    self.roots = roots
  }

  static func == (one: BundleText, other: BundleText) -> Bool { one.pem == other.pem }
}

/// Reads ConfigMaps, of which thousands are the same.
final class BundleReader: Sendable {
  private static let maximumTexts = 64
  private let known = NIOLockedValueBox<[String: BundleText]>([:])

  func read(_ configMap: JSONView) -> HeldBundle? {
    guard let metadata = ObjectMetadata(of: configMap) else { return nil }
    let annotations = configMap["metadata"]?.strings(of: "annotations") ?? [:]
    return HeldBundle(
      text: configMap.strings(of: "data")[PublishedBundle.key].map { text($0) },
      generation: annotations[PublishedBundle.generationName].flatMap { Int($0) },
      resourceVersion: metadata.resourceVersion
    )
  }

  private func text(_ pem: String) -> BundleText {
    if let text = known.withLockedValue({ $0[pem] }) { return text }
    let text = BundleText(pem: pem, roots: PublishedBundle.roots(pem))
    known.withLockedValue { known in
      if known.count >= Self.maximumTexts { known = [:] }
      known[pem] = text
    }
    return text
  }
}
