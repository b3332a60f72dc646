import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import SPIFFE
import Testing

@Suite struct MeshCertificateTests {
  @Test func `what was read shows its fields`() throws {
    let authority = try TestAuthority("td")
    let leaf = try authority.issue(.workload(authority.identity(), dnsNames: true)).certificate
    let read = try #require(MeshCertificate.readPEM(Array(leaf.pem.utf8)).first)
    #expect(read == leaf && read.derBytes == leaf.derBytes)
    #expect(read.spiffeID?.description == "spiffe://td/ns/shop/sa/web")
    #expect(read.publicKey == (try KeyPool.key(.ecdsaP256).publicKey))
    #expect(!read.isAuthority && read.pathLength == nil && !read.isSelfIssued)
    #expect(authority.root.isAuthority && authority.root.pathLength == nil && authority.root.isSelfIssued)
    #expect(authority.intermediate.certificate.pathLength == 0)
    #expect(read.isValid(at: TestAuthority.now) && !read.isValid(at: TestAuthority.now + 3601))
    #expect(read.description.contains("spiffe://td/ns/shop/sa/web, valid from 2030-03-17T17:44:40Z"))
  }

  @Test func `version 1 has no place in the mesh`() throws {
    let folder = try TemporaryFolder()
    let request = try folder.write("request.pem", RequestMaker.make(.ecdsaP256, subject: "/CN=a"))
    let key = try folder.write("key.pem", KeyPool.key(.ecdsaP256).privateKeyPEM().withUnsafeBytes { Array($0) })
    let made = try OpenSSLCommand.run(["x509", "-req", "-in", request, "-signkey", key])
    #expect(made.status == 0, "\(made.errors)")
    #expect(throws: CertificateError.malformed("its version or its signature algorithms are wrong")) {
      try MeshCertificate.readPEM(Array(made.output))
    }
  }

  @Test func `both places have to name one signature algorithm`() throws {
    var der = try TestAuthority().issue().certificate.derBytes
    // ecdsa-with-SHA256, first inside what is signed, then outside: the outer one becomes ecdsa-with-SHA384.
    let identifier: [UInt8] = [0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2]
    let outer = try #require(der.ranges(of: identifier).last)
    der[outer.upperBound - 1] = 3
    #expect(throws: CertificateError.malformed("its version or its signature algorithms are wrong")) {
      try MeshCertificate(derBytes: der)
    }
  }

  @Test(arguments: [
    [], [0], [0x30, 0], [0x30, 0x80], [0x30, 3, 0x30, 1, 0], [UInt8](repeating: 0x30, count: 10_000),
  ])
  func `what is no certificate is refused`(_ bytes: [UInt8]) {
    #expect(throws: CertificateError.self) { try MeshCertificate(derBytes: bytes) }
  }
}
