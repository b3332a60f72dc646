import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import SPIFFE
import Testing
import X509

@Suite struct IssuerTests {
  static let day = Duration.seconds(86_400)

  @Test(arguments: KeyAlgorithm.allCases, [KeyAlgorithm.ecdsaP256, .rsa2048])
  func `openssl accepts every kind of certificate strictly`(_ algorithm: KeyAlgorithm, _ signer: KeyAlgorithm) throws {
    let authority = try TestAuthority(rootAlgorithm: algorithm, algorithm: signer)
    let identity = try authority.identity()
    let key = ProvenKey(try KeyPool.key(algorithm))
    let certificates: [(ReleasedCertificate, [String?])] = [
      (try authority.issue(.workload(identity, dnsNames: false), for: key), ["sslserver", "sslclient"]),
      (try authority.issue(.workload(identity, dnsNames: true), for: key), ["sslserver", "sslclient"]),
      (try authority.issue(.serving(dnsNames: ["amesh.svc"], identity: nil), for: key), ["sslserver"]),
      (
        try authority.issue(.serving(dnsNames: ["amesh.svc"], identity: identity), for: key),
        ["sslserver", "sslclient"]
      ),
      (authority.intermediate, [nil]),
      (try authority.rootIssuer.issueLeaf(identity, key), ["sslserver"]),
    ]
    for (certificate, purposes) in certificates {
      for purpose in purposes {
        let verdict = try authority.verify(certificate, purpose: purpose)
        #expect(verdict.status == 0, "\(certificate.certificate): \(verdict.errors)")
      }
    }
    // The root verifies itself, its own signature checked.
    let folder = try TemporaryFolder()
    let root = try folder.write("root.pem", authority.root.pem)
    let moment = "\(Int(TestAuthority.now.timeIntervalSince1970))"
    let verdict = try OpenSSLCommand.run(
      ["verify", "-x509_strict", "-check_ss_sig", "-attime", moment, "-CAfile", root, root]
    )
    #expect(verdict.status == 0, "\(verdict.errors)")
  }

  @Test func `a serving certificate without client use is refused as a client`() throws {
    let authority = try TestAuthority()
    let released = try authority.issue(.serving(dnsNames: ["amesh.svc"], identity: nil))
    #expect(try authority.verify(released, purpose: "sslclient").status != 0)
  }

  @Test func `serial numbers, subjects of authorities and key identifiers are what RFC 5280 wants`() throws {
    let (one, other) = (try TestAuthority(), try TestAuthority())
    #expect(one.root.x509.subject != other.root.x509.subject)
    #expect(one.intermediate.certificate.x509.subject != other.intermediate.certificate.x509.subject)
    #expect(one.root.x509.subject == one.root.x509.issuer)
    let serials = try (0..<50).map { _ in try one.issue().certificate.serialNumber }
    #expect(Set(serials).count == 50)
    let leaf = try one.issue().certificate
    #expect(leaf.authorityKeyIdentifier == one.intermediate.certificate.subjectKeyIdentifier)
    #expect(one.intermediate.certificate.authorityKeyIdentifier == one.root.subjectKeyIdentifier)
    #expect(leaf.subjectKeyIdentifier?.count == 20)
    let digest = try TestAuthority.library.sha256(leaf.publicKey.keyBits)
    #expect(leaf.subjectKeyIdentifier == Array(digest.prefix(20)))
  }

  @Test func `the chain that goes with a leaf holds no root`() throws {
    let authority = try TestAuthority()
    let released = try authority.issue()
    #expect(released.chain == [released.certificate, authority.intermediate.certificate])
    #expect(try MeshCertificate.readPEM(Array(released.chainPEM.utf8)) == released.chain)
    #expect(authority.intermediate.intermediates.isEmpty)
  }

  @Test func `an issuer signs for its own trust domain only`() throws {
    let authority = try TestAuthority("td")
    let foreign = try TestAuthority("other").identity()
    let error = IssuanceError.foreignTrustDomain(foreign.trustDomain)
    #expect(throws: error) { try authority.issue(.workload(foreign, dnsNames: false)) }
    #expect(throws: error) { try authority.issue(.serving(dnsNames: ["a"], identity: foreign)) }
  }

  @Test func `no authority goes below one of path length zero`() throws {
    let authority = try TestAuthority()
    let profile = CertificateProfile.intermediate(authority.trustDomain)
    #expect(throws: IssuanceError.authorityTooDeep) { try authority.issue(profile) }
    #expect(throws: IssuanceError.authorityTooDeep) { try authority.issue(.root(authority.trustDomain)) }
  }

  @Test(arguments: ["", "A.svc", "*.svc", "a b", "a..b", "127.0.0.1:80", "127.0.0.1", "::1", "é", "a_b"])
  func `a serving name has to be a host name`(_ name: String) throws {
    let authority = try TestAuthority()
    #expect(throws: IssuanceError.badName(name)) {
      try authority.issue(.serving(dnsNames: ["a.svc", name], identity: nil))
    }
    #expect(throws: IssuanceError.noNames) { try authority.issue(.serving(dnsNames: [], identity: nil)) }
  }

  @Test func `certificates and keys that don't belong together make no issuer`() throws {
    let authority = try TestAuthority()
    let (root, intermediate) = (authority.root, authority.intermediate.certificate)
    let leaf = try authority.issue().certificate
    let library = TestAuthority.library
    let table: [([MeshCertificate], any SigningKey, IssuerError)] = [
      ([], authority.rootKey, .noCertificate),
      ([leaf], try KeyPool.key(.ecdsaP256), .notAnAuthority(leaf.serialNumber)),
      ([root], try KeyPool.key(.ecdsaP384), .keyDoesNotMatch),
      ([intermediate, root], authority.rootKey, .keyDoesNotMatch),
      ([root, intermediate], authority.rootKey, .brokenChain(root.serialNumber)),
    ]
    for (chain, key, problem) in table {
      #expect(throws: problem) { try Issuer(chain: chain, key: key, cryptography: library) }
    }
  }
}

extension Issuer {
  /// A leaf directly below a root.
  func issueLeaf(_ identity: WorkloadIdentity, _ key: ProvenKey) throws -> ReleasedCertificate {
    try issue(
      .workload(identity, dnsNames: false),
      for: key,
      lifetime: nil,
      policy: .leaf,
      now: TestAuthority.now,
      serialNumber: .random(from: TestAuthority.library)
    )
  }
}
