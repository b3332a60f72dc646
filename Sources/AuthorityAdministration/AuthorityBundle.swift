package import CertificateAuthority
package import KubernetesObjects
import SPIFFE

/// What everyone is to trust, with the generation of the state that it is from.
package struct AuthorityBundle: Sendable, Hashable {
  package var bundle: TrustBundle
  package var generation: Int

  package init(_ bundle: TrustBundle, generation: Int) {
    self.bundle = bundle
    self.generation = generation
  }

  /// Of a state that was not loaded by a running authority.
  package init(_ state: AuthorityState) throws(AdministrationError) {
    do {
      let authorities = try state.bundle.map { try MeshCertificate(derBytes: $0.derEncoded) }
      self.init(
        try TrustBundle(trustDomain: state.trustDomain, authorities: authorities),
        generation: state.generation
      )
    } catch {
      throw AdministrationError(.failed, "a root of the state can't be read: \(error); restore it from a backup")
    }
  }

  package init(parsing bytes: [UInt8]) throws(AdministrationError) {
    let members = try Members(parsing: bytes, "the answer")
    let (name, pem) = (try members.string("trustDomain"), try members.string("pem"))
    generation = try members.integer("generation")
    do {
      bundle = try TrustBundle(trustDomain: try TrustDomain(name), pem: Array(pem.utf8))
    } catch {
      throw AdministrationError(.failed, "the answer holds no bundle that can be read: \(error)")
    }
  }

  package var json: JSONValue {
    [
      "trustDomain": .string(bundle.trustDomain.name), "generation": .number(JSONNumber(generation)),
      "pem": .string(bundle.pem),
    ]
  }

  /// The JSON Web Key Set that SPIFFE defines; its sequence number is the generation.
  package var document: BundleDocument {
    BundleDocument(
      bundle: bundle,
      sequence: UInt64(exactly: generation),
      refreshHint: BundleDocument.standardRefreshHint
    )
  }
}
