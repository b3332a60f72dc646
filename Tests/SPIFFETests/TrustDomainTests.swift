import SPIFFE
import Testing

@Suite struct TrustDomainTests {
  static let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789.-_".unicodeScalars)

  @Test(arguments: [
    "cluster.local", "a", "0", "my-trust_domain.example", "..", "-", String(repeating: "t", count: 255),
  ])
  func `is a trust domain`(_ name: String) throws {
    let trustDomain = try TrustDomain(name)
    #expect(trustDomain.name == name)
    #expect(trustDomain.id.description == "spiffe://\(name)")
    #expect(trustDomain.id.path.isEmpty)
    #expect(try SPIFFEID("spiffe://\(name)").trustDomain == trustDomain)
  }

  @Test(arguments: [
    ("", SPIFFEIDError.missingTrustDomain),
    ("spiffe://cluster.local", .invalidTrustDomainCharacter),
    ("Cluster.local", .invalidTrustDomainCharacter),
    ("cluster.local:8443", .invalidTrustDomainCharacter),
    ("user@cluster.local", .invalidTrustDomainCharacter),
    ("cluster.local/path", .invalidTrustDomainCharacter),
    ("%63luster", .invalidTrustDomainCharacter),
    ("[::1]", .invalidTrustDomainCharacter),
    ("cluster.local\u{0}", .invalidTrustDomainCharacter),
    (String(repeating: "t", count: 256), .trustDomainTooLong),
  ])
  func `is no trust domain`(_ name: String, _ problem: SPIFFEIDError) {
    #expect(throws: problem) { try TrustDomain(name) }
  }

  @Test func `every scalar below 256 is judged by the alphabet`() {
    for scalar in (UInt8.min...UInt8.max).map(Unicode.Scalar.init) {
      let name = "domain" + String(Character(scalar))
      #expect(((try? TrustDomain(name)) != nil) == Self.allowed.contains(scalar), "\(scalar.value)")
    }
  }

  @Test func `trust domains have an order`() throws {
    #expect(try TrustDomain("a") < TrustDomain("b"))
    #expect(try !(TrustDomain("a") < TrustDomain("a")))
  }
}
