import CertificateAuthority
import ClusterDiagnosis

/// Looks at the certificate that a webhook shows, where it can be reached from here.
struct WebhookProber {
  /// Whether Services lead somewhere.
  let isInCluster: Bool

  func look(at endpoint: WebhookEndpoint) async -> WebhookProbe {
    guard !endpoint.isService || isInCluster else { return .outOfReach }
    do {
      let peer = try await PeerCertificates.fetch(host: endpoint.host, port: endpoint.port, serverName: nil)
      return .chain(try peer.certificates.map { bytes in try MeshCertificate(derBytes: bytes) })
    } catch {
      return .silent("\(error)")
    }
  }
}
