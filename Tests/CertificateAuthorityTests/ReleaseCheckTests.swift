import FoundationEssentials
import KubernetesObjects
import OpenSSLKeys
import SPIFFE
import SwiftASN1
import Testing
import X509

@testable import CertificateAuthority

/// The gate between signing and release sees every wrong field.
@Suite struct ReleaseCheckTests {
  /// A key that signs with another one.
  struct WrongKey: SigningKey {
    let publicKey: PublicKey
    let signer: any SigningKey

    func sign(_ bytes: [UInt8]) throws(KeyError) -> [UInt8] { try signer.sign(bytes) }
  }

  let authority: TestAuthority

  init() throws { authority = try TestAuthority() }

  func template(
    _ profile: CertificateProfile? = nil,
    serial: [UInt8] = [1, 2, 3],
    end: TimeInterval = 60,
    key: KeyAlgorithm = .ecdsaP256,
    subjectKey: [UInt8] = [1],
    authorityKey: [UInt8] = [2],
    issuer: MeshCertificate? = nil
  ) throws -> CertificateTemplate {
    CertificateTemplate(
      profile: try profile ?? .workload(authority.identity(), dnsNames: true),
      serialNumber: try #require(SerialNumber(serial)),
      validity: ValidityPeriod(notBefore: TestAuthority.now, notAfter: TestAuthority.now + end),
      publicKey: try KeyPool.key(key).publicKey,
      subjectKeyIdentifier: subjectKey,
      issuer: try IssuerName((issuer ?? authority.root).x509.subject),
      authorityKeyIdentifier: authorityKey,
      signatureAlgorithm: .ecdsaSHA256
    )
  }

  @Test func `a certificate that is not as ordered is never released`() throws {
    let identity = try authority.identity()
    let ordered = try template()
    let made = try MeshCertificate(derBytes: ordered.signed(by: KeyPool.key(.ecdsaP256)))
    #expect(throws: Never.self) { try ReleaseCheck(ordered).compare(made) }
    let others: [(String, CertificateTemplate)] = [
      ("serial number", try template(serial: [1, 2, 4])),
      ("validity", try template(end: 61)),
      ("public key", try template(key: .ecdsaP384)),
      ("subjectKeyIdentifier", try template(subjectKey: [3])),
      ("authorityKeyIdentifier", try template(authorityKey: [3])),
      ("issuer", try template(issuer: authority.intermediate.certificate)),
      ("URI", try template(.workload(authority.identity("other"), dnsNames: true))),
      ("DNS names", try template(.workload(identity, dnsNames: false))),
      ("extendedKeyUsage", try template(.serving(dnsNames: identity.dnsNames, identity: nil))),
      ("subject", try template(.intermediate(authority.trustDomain))),
    ]
    for (field, other) in others {
      #expect(throws: IssuanceError.notAsOrdered(field: field)) { try ReleaseCheck(other).compare(made) }
    }
  }

  @Test func `addresses are there as ordered, as addresses`() throws {
    let addresses = try ["127.0.0.1", "fd00::1"].map { try #require(IPAddress($0)) }
    func certificate(_ names: [String], _ addresses: [IPAddress]) throws -> MeshCertificate {
      let template = try template(.serving(dnsNames: names, ipAddresses: addresses, identity: nil))
      return try MeshCertificate(derBytes: template.signed(by: KeyPool.key(.ecdsaP256)))
    }
    let ordered = try template(.serving(dnsNames: ["a.svc"], ipAddresses: addresses, identity: nil))
    let made = try certificate(["a.svc"], addresses)
    #expect(made.ipAddresses == addresses && made.dnsNames == ["a.svc"])
    #expect(throws: Never.self) { try ReleaseCheck(ordered).compare(made) }
    for others in [[], addresses.reversed(), [addresses[0]]] {
      #expect(throws: IssuanceError.notAsOrdered(field: "IP addresses")) {
        try ReleaseCheck(ordered).compare(certificate(["a.svc"], others))
      }
    }
    #expect(throws: IssuanceError.notAsOrdered(field: "DNS names")) {
      try ReleaseCheck(ordered).compare(certificate(["a.svc", "127.0.0.1"], addresses))
    }
  }

  @Test func `an extension of the mesh's own is there as ordered, and no other`() throws {
    var ordered = try template()
    ordered.privateExtension = PrivateExtension(id: [1, 3, 6, 1, 4, 1, 99999, 1], value: [2, 1, 7])
    let made = try MeshCertificate(derBytes: ordered.signed(by: KeyPool.key(.ecdsaP256)))
    #expect(throws: Never.self) { try ReleaseCheck(ordered).compare(made) }
    let found = made.x509.extensions[oid: [1, 3, 6, 1, 4, 1, 99999, 1]]
    #expect(found.map { !$0.critical && Array($0.value) == [2, 1, 7] } == true)
    #expect(throws: IssuanceError.notAsOrdered(field: "number of extensions")) {
      try ReleaseCheck(template()).compare(made)
    }
    var other = ordered
    other.privateExtension = PrivateExtension(id: [1, 3, 6, 1, 4, 1, 99999, 1], value: [2, 1, 8])
    #expect(throws: IssuanceError.notAsOrdered(field: "private extension")) { try ReleaseCheck(other).compare(made) }
  }

  @Test func `an authority that was signed by another key is not released`() throws {
    let key = WrongKey(publicKey: try KeyPool.key(.ecdsaP256).publicKey, signer: try KeyPool.key(.ecdsaP384))
    #expect(throws: IssuanceError.notAsOrdered(field: "signature")) {
      try Issuer.makeRoot(
        authority.trustDomain,
        key: key,
        lifetime: .seconds(60),
        now: TestAuthority.now,
        serialNumber: .random(from: TestAuthority.library),
        cryptography: TestAuthority.library
      )
    }
  }

  @Test func `a key that fails fails the issuing`() throws {
    struct BrokenKey: SigningKey {
      let publicKey: PublicKey
      func sign(_ bytes: [UInt8]) throws(KeyError) -> [UInt8] { throw .failed(operation: "signing", reason: "gone") }
    }
    let key = BrokenKey(publicKey: authority.root.publicKey)
    let issuer = try Issuer(chain: [authority.root], key: key, cryptography: TestAuthority.library)
    #expect(throws: IssuanceError.keyFailed(.failed(operation: "signing", reason: "gone"))) {
      try issuer.issueLeaf(authority.identity(), ProvenKey(KeyPool.key(.ecdsaP256)))
    }
  }
}
