import CertificateAuthority
import Crypto
import FoundationEssentials
import SPIFFE
import SwiftASN1
import Testing
import X509

/// What anyone may show in a handshake before anything is known of it.
struct SelfMadeSignersTests {
  /// Certificates of one subject and key, each with a name of its own: all sign each other.
  private static func ring(_ count: Int) throws -> [MeshCertificate] {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("ring") }
    return try (0..<count).map { index in
      let certificate = try Certificate(
        version: .v3,
        serialNumber: Certificate.SerialNumber(bytes: [1, UInt8(truncatingIfNeeded: index)]),
        publicKey: Certificate.PublicKey(key.publicKey),
        notValidBefore: Date.now - 60,
        notValidAfter: Date.now + 3600,
        issuer: name,
        subject: name,
        signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
          Critical(KeyUsage(keyCertSign: true))
          SubjectAlternativeNames([.dnsName("signer-\(index).example")])
        },
        issuerPrivateKey: Certificate.PrivateKey(key)
      )
      var serializer = DER.Serializer()
      try certificate.serialize(into: &serializer)
      return try MeshCertificate(derBytes: serializer.serializedBytes)
    }
  }

  @Test func `of signers with one subject and key one is tried`() throws {
    let ring = try Self.ring(4)
    #expect(ring.signers.count == 1)
    #expect(try (ring + Self.ring(2)).signers.count == 2)
  }

  @Test func `a chain of more than five certificates is not looked at`() async throws {
    let bundle = try TrustBundle(trustDomain: try TrustDomain("mesh.test"), authorities: Self.ring(1))
    let chain = try Self.ring(TrustBundle.maximumChain + 1)
    await #expect(throws: VerificationError.chainTooLong) { try await bundle.verify(chain, at: .now) }
  }
}
