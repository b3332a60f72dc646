import CertificateAuthority
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import MeshAuthority
import SPIFFE
import Testing

@testable import ControlPlane

/// Leaves that live, each to be verified by the bundle of every replica and of a namespace's ConfigMap.
final class Leaves {
  private var leaves: [ReleasedCertificate] = []
  private(set) var verified = 0
  private var turn = 0

  /// Takes one of each replica every half a minute.
  func pass(_ mesh: Mesh) async throws {
    turn += 1
    guard turn % 3 == 0 else { return }
    for replica in mesh.replicas.values where replica.plane.authority.isReady(now: mesh.now) {
      let leaf = try mesh.leaf(replica)
      replica.plane.authority.handedOut(leafEnds: leaf.certificate.validity.notAfter, withBundle: true)
      leaves.append(leaf)
    }
    leaves.removeAll { !$0.certificate.isValid(at: mesh.now) }
    var bundles: [TrustBundle] = []
    // Whoever can't sign serves nobody, and its bundle may be old.
    for replica in mesh.replicas.values where replica.plane.authority.isReady(now: mesh.now) {
      guard let bundle = replica.plane.authority.signing?.bundle, !bundles.contains(bundle) else { continue }
      bundles.append(bundle)
    }
    let key = ObjectKey(namespace: "shop", name: "amesh-root")
    if let text = try await mesh.server.find(.configMaps, key)?.root.value["data"]?["root-cert.pem"]?.string {
      let bundle = try TrustBundle(trustDomain: mesh.trustDomain, pem: Array(text.utf8))
      if !bundles.contains(bundle) { bundles.append(bundle) }
    }
    for leaf in [leaves.first, leaves.last].compactMap(\.self) {
      for bundle in bundles {
        #expect(try await bundle.verify(leaf.chain, at: mesh.now) == mesh.web.id)
        verified += 1
      }
    }
  }
}
