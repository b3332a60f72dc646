import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import SPIFFE
import Testing

@Suite struct TrustBundleTests {
  let one: TestAuthority
  let other: TestAuthority
  let trustDomain: TrustDomain

  init() throws {
    one = try TestAuthority()
    other = try TestAuthority(rootAlgorithm: .rsa2048)
    trustDomain = one.trustDomain
  }

  func read(_ pem: String) throws(TrustBundleError) -> TrustBundle {
    try TrustBundle(trustDomain: trustDomain, pem: Array(pem.utf8))
  }

  @Test func `order, doubles and line ends don't matter`() throws {
    let (a, b) = (one.root.pem, other.root.pem)
    let bundle = try TrustBundle(trustDomain: trustDomain, authorities: [one.root, other.root])
    for text in [a + b, b + a, a + b + a, (a + b).replacing("\n", with: "\r\n"), "\n" + a + "\n\n" + b.dropLast()] {
      let read = try read(text)
      #expect(read == bundle)
      #expect(read.pem == bundle.pem)
    }
    #expect(bundle.authorities.count == 2)
    #expect(try read(a) != bundle)
    #expect(bundle.contains(one.root) && bundle.contains(other.root))
    #expect(!bundle.contains(one.intermediate.certificate))
  }

  @Test func `openssl reads the PEM of a bundle`() throws {
    let bundle = try TrustBundle(trustDomain: trustDomain, authorities: [one.root, other.root])
    let folder = try TemporaryFolder()
    let (file, leaf) = (try folder.write("bundle.pem", bundle.pem), try one.issue())
    let untrusted = try folder.write("above.pem", leaf.intermediates.map(\.pem).joined())
    let moment = "\(Int(TestAuthority.now.timeIntervalSince1970))"
    let verdict = try OpenSSLCommand.run(
      [
        "verify", "-attime", moment, "-CAfile", file, "-untrusted", untrusted,
        folder.write("leaf.pem", leaf.certificate.pem),
      ]
    )
    #expect(verdict.status == 0, "\(verdict.errors)")
  }

  @Test func `what is no bundle is refused`() throws {
    let leaf = try one.issue().certificate
    #expect(throws: TrustBundleError.unreadableCertificate(.notPEM(.noBlock))) { try read("") }
    #expect(throws: TrustBundleError.unreadableCertificate(.notPEM(.textOutsideBlock))) {
      try read("# root\n" + one.root.pem)
    }
    #expect(throws: TrustBundleError.notAnAuthority(leaf.serialNumber)) { try read(one.root.pem + leaf.pem) }
    let request = PEM.text(label: "CERTIFICATE REQUEST", derBytes: one.root.derBytes)
    #expect(throws: TrustBundleError.unreadableCertificate(.wrongLabel("CERTIFICATE REQUEST"))) { try read(request) }
    let ed25519 = try OpenSSLCommand.run(
      ["req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=a", "-days", "1"]
    )
    #expect(throws: TrustBundleError.unreadableCertificate(.unsupportedKey(.unsupportedAlgorithm("1.3.101.112")))) {
      try read(ed25519.text)
    }
    #expect(throws: TrustBundleError.unreadableCertificate(.notPEM(.tooManyBlocks(limit: 100)))) {
      try read(String(repeating: one.root.pem, count: 101))
    }
  }

  @Test(arguments: 0..<4)
  func `a changed certificate is read or refused`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let der = try (seed % 2 == 0 ? one.issue().certificate : other.root).derBytes
    var refused = 0
    for _ in 0..<2_000 {
      let changed = Mutation.change(der, using: &random)
      do {
        let certificate = try MeshCertificate(derBytes: changed)
        _ = try? certificate.checkedSVID(of: trustDomain)
        _ = certificate.description
      } catch { refused += 1 }
    }
    #expect(refused > 500)
  }
}
