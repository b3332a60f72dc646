package import CertificateAuthority
package import FoundationEssentials
package import SPIFFE

/// A certificate, its chain and its key: one value, since one without the other is of no use.
package struct SidecarCertificate: Sendable, Hashable {
  package let identity: WorkloadIdentity
  /// PEM, the leaf first, one block each.
  package let blocks: [String]
  package let key: FreshKey
  package let notBefore: Date
  package let notAfter: Date
  /// Names for peers that verify by name, from the narrowest to the widest.
  package let dnsNames: [String]
  /// Between the leaf and a root.
  package let intermediates: Int

  /// Takes what a server has sent, if it is what was asked for and is good.
  ///
  /// - Parameters:
  ///   - chain: PEM, the leaf first.
  ///   - keys: those for which certificates may come, the newest first.
  package init(
    chain: [UInt8],
    keys: [FreshKey],
    bundle: TrustBundle,
    now: Date
  ) async throws(SidecarIdentityProblem) {
    let certificates = try Self.read(chain)
    guard let leaf = certificates.first else { throw SidecarIdentityProblem("the server sent no certificate") }
    guard let key = keys.first(where: { $0.publicKey == leaf.publicKey.derBytes }) else {
      throw SidecarIdentityProblem("the certificate that came is for another key")
    }
    let id: SPIFFEID
    do throws(VerificationError) {
      id = try await bundle.verify(certificates, at: now)
    } catch {
      throw SidecarIdentityProblem("the certificate that came can't be verified: \(error)")
    }
    do throws(SPIFFEIDError) {
      identity = try WorkloadIdentity(id)
    } catch {
      throw SidecarIdentityProblem("the certificate that came is for \(id): \(error)")
    }
    blocks = certificates.map(\.pem)
    self.key = key
    notBefore = leaf.validity.notBefore
    notAfter = leaf.validity.notAfter
    dnsNames = leaf.dnsNames
    intermediates = certificates.count - 1
  }

  package var chain: String { blocks.joined() }

  private static func read(_ chain: [UInt8]) throws(SidecarIdentityProblem) -> [MeshCertificate] {
    do {
      return try MeshCertificate.readPEM(chain, maximumBytes: 1 << 18, maximumBlocks: TrustBundle.maximumChain)
    } catch {
      throw SidecarIdentityProblem("the server sent something else than certificates: \(error)")
    }
  }
}

/// Why what came of an identity can't be used.
package struct SidecarIdentityProblem: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
