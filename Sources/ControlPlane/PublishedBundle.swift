package import CertificateAuthority
package import KubernetesAPI
import KubernetesObjects

/// A trust bundle as the cluster's ConfigMaps have it.
package struct PublishedBundle: Sendable, Equatable {
  package static let key = "root-cert.pem"
  static let generationName = "amesh.apisix.apache.org/generation"

  package let roots: Set<AuthorityID>
  /// Of the state that it is from; nil where that is not said.
  package let generation: Int?

  package init(roots: Set<AuthorityID>, generation: Int?) {
    self.roots = roots
    self.generation = generation
  }

  /// Reads a ConfigMap; what is no root in it does not count.
  init(_ configMap: JSONView) {
    let text = configMap.strings(of: "data")[Self.key] ?? ""
    let generation = configMap["metadata"]?.strings(of: "annotations")[Self.generationName].flatMap { Int($0) }
    self.init(roots: Self.roots(text), generation: generation)
  }

  static func roots(_ pem: String) -> Set<AuthorityID> {
    let limit = PluggedInContents.maximumBytes
    let bytes = Array(pem.utf8.prefix(limit + 1))
    let blocks = try? PEM.blocks(in: bytes, maximumBytes: limit, maximumBlocks: 256)
    return Set(
      (blocks ?? []).compactMap { block in
        guard block.label == "CERTIFICATE" else { return nil }
        return (try? MeshCertificate(derBytes: block.derBytes)).map { AuthorityID($0) }
      }
    )
  }

  /// What the ConfigMap says now; nil where there is none.
  package static func read(
    _ client: any KubernetesClient,
    _ key: ObjectKey
  ) async throws(APIError) -> PublishedBundle? {
    try await client.find(.configMaps, key).map { PublishedBundle($0.root) }
  }
}
