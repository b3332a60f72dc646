package import CertificateAuthority
package import FoundationEssentials
package import KubernetesObjects

/// What the authority's Secret says of certificates. The keys beside them are not looked at.
package struct AuthorityFacts: Sendable, Hashable {
  package struct Root: Sendable, Hashable {
    package var certificate: MeshCertificate
    /// It signs, or is the one that will.
    package var signs: Bool

    package init(certificate: MeshCertificate, signs: Bool) {
      self.certificate = certificate
      self.signs = signs
    }
  }

  package struct Intermediate: Sendable, Hashable {
    package var replica: String
    package var notAfter: Date

    package init(replica: String, notAfter: Date) {
      self.replica = replica
      self.notAfter = notAfter
    }
  }

  /// Those that are published: prepared, signing, superseded.
  package var roots: [Root]
  /// Those that sign now, the last of each replica.
  package var intermediates: [Intermediate]

  package init(roots: [Root] = [], intermediates: [Intermediate] = []) {
    self.roots = roots
    self.intermediates = intermediates
  }

  /// Nil for a Secret that is none of ours, or can't be read.
  package init?(secret: JSONView) {
    let limit = AuthorityStateFormat.maximumBytes / 3 * 4 + 4
    guard let text = secret["data"]?.string(of: "authority.json"), text.utf8.count <= limit,
      let bytes = Data(base64Encoded: text), let state = try? JSONDocument(parsing: Array(bytes), maximumDepth: 8).root
    else { return nil }
    roots = state.parts("roots").compactMap { root in
      guard !root.has("retired"), let pem = root.string(of: "certificate"),
        let certificate = try? MeshCertificate.readPEM(Array(pem.utf8), maximumBlocks: 1).first
      else { return nil }
      return Root(certificate: certificate, signs: root.has("activated") && !root.has("superseded"))
    }
    var last: [String: Date] = [:]
    for record in state.parts("intermediates") where !record.has("dropped") {
      guard let replica = record.string(of: "replica"),
        let end = record.string(of: "notAfter").flatMap({ Timestamp.parse($0) })
      else { continue }
      last[replica] = max(last[replica] ?? end, end)
    }
    intermediates = last.map { Intermediate(replica: $0.key, notAfter: $0.value) }.sorted { $0.replica < $1.replica }
  }
}
