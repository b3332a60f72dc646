import SPIFFE
import Testing

@Suite struct IdentityPatternTests {
  static let web = "spiffe://cluster.local/ns/shop/sa/web"

  @Test(arguments: [
    (web, [web], ["spiffe://cluster.local/ns/shop/sa/webs", "spiffe://other.local/ns/shop/sa/web"]),
    (
      "spiffe://cluster.local/ns/shop/*", [web, "spiffe://cluster.local/ns/shop/x"],
      [
        "spiffe://cluster.local/ns/shopping/sa/web", "spiffe://cluster.local/ns/shop",
        "spiffe://cluster.local.x/ns/shop/sa/web",
      ]
    ),
    (
      "spiffe://cluster.local/*", [web, "spiffe://cluster.local/anything"],
      ["spiffe://cluster.local", "spiffe://cluster.local2/ns/shop/sa/web", "spiffe://x/cluster.local/ns"]
    ),
    // A path that holds no namespace is an ID like any other.
    ("spiffe://partner/db", ["spiffe://partner/db"], ["spiffe://partner/db/x"]),
  ])
  func `means these and no others`(_ text: String, _ matched: [String], _ others: [String]) throws {
    let pattern = try IdentityPattern(text)
    #expect(pattern.description == text)
    for id in matched { #expect(try pattern.matches(SPIFFEID(id)), "\(id)") }
    for id in others { #expect(try !pattern.matches(SPIFFEID(id)), "\(id)") }
  }

  @Test(arguments: [
    "", "*", "/*", "spiffe://*", "spiffe://*/ns/shop/*", "spiffe://cluster.local", "spiffe://cluster.local/",
    "spiffe://cluster.local/ns/*", "spiffe://cluster.local/ns/*/sa/web", "spiffe://cluster.local/ns/shop/sa/*",
    "spiffe://cluster.local/ns/shop/**", "spiffe://cluster.local/ns/sh*", "spiffe://cluster.local/dev/shop/*",
    "spiffe://cluster.local/ns/shop/*/", "spiffe://cluster.local//*", "https://cluster.local/*",
  ])
  func `is no pattern`(_ text: String) {
    #expect(throws: SPIFFEIDError.self) { try IdentityPattern(text) }
  }
}
