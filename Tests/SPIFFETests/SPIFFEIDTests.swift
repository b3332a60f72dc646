import AmeshTesting
import SPIFFE
import Testing

@Suite struct SPIFFEIDTests {
  static let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_".unicodeScalars)

  /// The first four are the examples of the standard.
  @Test(arguments: [
    ("spiffe://staging.example.com/payments/mysql", "staging.example.com", ["payments", "mysql"]),
    ("spiffe://staging.example.com/payments/web-fe", "staging.example.com", ["payments", "web-fe"]),
    (
      "spiffe://k8s-west.example.com/ns/staging/sa/default", "k8s-west.example.com", ["ns", "staging", "sa", "default"]
    ),
    (
      "spiffe://example.com/9eebccd2-12bf-40a6-b262-65fe0487d453", "example.com",
      ["9eebccd2-12bf-40a6-b262-65fe0487d453"]
    ),
    ("spiffe://td", "td", []),
    ("spiffe://td/UPPER", "td", ["UPPER"]),
    ("spiffe://td/.hidden", "td", [".hidden"]),
    ("spiffe://td/..name", "td", ["..name"]),
    ("spiffe://td/...", "td", ["..."]),
    ("spiffe://td/-/_", "td", ["-", "_"]),
    ("spiffe://1.2.3.4/a", "1.2.3.4", ["a"]),
  ])
  func `is an ID`(_ text: String, _ trustDomain: String, _ segments: [String]) throws {
    let id = try SPIFFEID(text)
    #expect(id.trustDomain.name == trustDomain)
    #expect(id.segments.map(String.init) == segments)
    #expect(id.description == text)
    #expect(try SPIFFEID(trustDomain: TrustDomain(trustDomain), path: id.path) == id)
  }

  @Test(arguments: [
    ("", SPIFFEIDError.empty),
    ("s", .invalidScheme),
    ("spiffe:/", .invalidScheme),
    ("spiffe:/td/path", .invalidScheme),
    ("spiffe:td", .invalidScheme),
    ("Spiffe://td", .invalidScheme),
    ("SPIFFE://td/path", .invalidScheme),
    ("https://td/path", .invalidScheme),
    (" spiffe://td/path", .invalidScheme),
    ("192.168.2.2:6688", .invalidScheme),
    ("spiffe://", .missingTrustDomain),
    ("spiffe:///", .missingTrustDomain),
    ("spiffe:///path", .missingTrustDomain),
    ("spiffe://TD/path", .invalidTrustDomainCharacter),
    ("spiffe://td:8080/path", .invalidTrustDomainCharacter),
    ("spiffe://td:/path", .invalidTrustDomainCharacter),
    ("spiffe://user:password@td/path", .invalidTrustDomainCharacter),
    ("spiffe://@td", .invalidTrustDomainCharacter),
    ("spiffe://%F0%9F%A4%AF/path", .invalidTrustDomainCharacter),
    ("spiffe://%62%61%64/path", .invalidTrustDomainCharacter),
    ("spiffe://td?query", .invalidTrustDomainCharacter),
    ("spiffe://td#fragment", .invalidTrustDomainCharacter),
    ("spiffe://td\\path", .invalidTrustDomainCharacter),
    ("spiffe://td/", .trailingSlash),
    ("spiffe://td/path/", .trailingSlash),
    ("spiffe://td//", .emptySegment),
    ("spiffe://td//path", .emptySegment),
    ("spiffe://td/a//b", .emptySegment),
    ("spiffe://td/.", .dotSegment),
    ("spiffe://td/..", .dotSegment),
    ("spiffe://td/./path", .dotSegment),
    ("spiffe://td/../path", .dotSegment),
    ("spiffe://td/path/./other", .dotSegment),
    ("spiffe://td/path/../other", .dotSegment),
    ("spiffe://td/path/..", .dotSegment),
    ("spiffe://td/path?query=1", .invalidPathCharacter),
    ("spiffe://td/path#fragment", .invalidPathCharacter),
    ("spiffe://td/%62%61%64", .invalidPathCharacter),
    ("spiffe://td/%F0%9F%A4%AF", .invalidPathCharacter),
    ("spiffe://td/%2e%2e", .invalidPathCharacter),
    ("spiffe://td/a:b", .invalidPathCharacter),
    ("spiffe://td/a@b", .invalidPathCharacter),
    ("spiffe://td/a b", .invalidPathCharacter),
    ("spiffe://td/é", .invalidPathCharacter),
    ("spiffe://td/path\n", .invalidPathCharacter),
    ("spiffe://td/\u{0}", .invalidPathCharacter),
    ("spiffe://td/*", .invalidPathCharacter),
  ])
  func `is no ID`(_ text: String, _ problem: SPIFFEIDError) {
    #expect(throws: problem) { try SPIFFEID(text) }
    #expect(!problem.description.isEmpty)
  }

  @Test func `every scalar below 256 in a path is judged by the alphabet`() {
    for scalar in (UInt8.min...UInt8.max).map(Unicode.Scalar.init) where scalar != "/" {
      let text = "spiffe://td/path" + String(Character(scalar))
      #expect(((try? SPIFFEID(text)) != nil) == Self.allowed.contains(scalar), "\(scalar.value)")
    }
  }

  @Test func `2048 bytes are the longest ID`() throws {
    let start = "spiffe://td/"
    let longest = start + String(repeating: "p", count: 2048 - start.utf8.count)
    #expect(try SPIFFEID(longest).description == longest)
    #expect(throws: SPIFFEIDError.tooLong) { try SPIFFEID(longest + "p") }
    let path = String(longest.dropFirst("spiffe://td".count))
    #expect(throws: SPIFFEIDError.tooLong) { try SPIFFEID(trustDomain: TrustDomain("td"), path: path + "p") }
  }

  @Test(arguments: [
    ("path", SPIFFEIDError.missingLeadingSlash), ("/", .trailingSlash), ("//a", .emptySegment), ("/a/..", .dotSegment),
    ("/$", .invalidPathCharacter),
  ])
  func `is no path`(_ path: String, _ problem: SPIFFEIDError) throws {
    let trustDomain = try TrustDomain("td")
    #expect(throws: problem) { try SPIFFEID(trustDomain: trustDomain, path: path) }
  }

  @Test func `membership is that of the trust domain alone`() throws {
    let trustDomain = try TrustDomain("domain.test")
    #expect(try SPIFFEID("spiffe://domain.test/path/element").isMember(of: trustDomain))
    #expect(trustDomain.id.isMember(of: trustDomain))
    #expect(try !SPIFFEID("spiffe://other.domain.test/path").isMember(of: trustDomain))
    #expect(try !SPIFFEID("spiffe://domain.test.other/path").isMember(of: trustDomain))
  }

  @Test(arguments: 0..<8)
  func `random text is refused or spelled as it was read`(_ seed: UInt64) {
    let pieces = [
      "spiffe://", "spiffe", ":", "/", "//", ".", "..", "td", "ns", "%2e", "?", "#", "@", "A", "é", "\u{0}",
    ]
    var random = SeededRandom(seed: seed)
    var accepted = 0
    for _ in 0..<4_000 {
      var text = Bool.random(using: &random) ? "spiffe://td" : ""
      for _ in 0..<Int.random(in: 0..<8, using: &random) { text += pieces.randomElement(using: &random) ?? "" }
      guard let id = try? SPIFFEID(text) else { continue }
      accepted += 1
      #expect(id.description == text)
      #expect(!text.contains("//" + "/") && !text.hasSuffix("/"))
      #expect(id.segments.allSatisfy { $0 != "." && $0 != ".." && !$0.isEmpty })
    }
    #expect(accepted > 10)
  }
}
