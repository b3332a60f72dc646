import FoundationEssentials
import SPIFFE
import Testing

@testable import CallerAuthentication

@Suite struct StaticTokensTests {
  static let one = "Zm9ydHktdHdvIHJhbmRvbSBieXRlcywgbW9yZSBvciBsZXNz"
  static let two = "QW5vdGhlciBvbmUsIG5vdCBxdWl0ZSBzbyByYW5kb20uLi4h"
  static let yaml = """
    tokens:
    - token: \(one)
      identity: spiffe://cluster.local/ns/shop/sa/cart
    - token: "\(two)"
      identity: spiffe://cluster.local/ns/shop/sa/till
    """

  private func read(
    _ text: String,
    permissions: UInt32 = 0o600,
    owner: UInt32 = 1000,
    user: UInt32 = 1000
  ) throws -> StaticTokens {
    let file = FileContents(path: "/t", bytes: Array(text.utf8), permissions: permissions, owner: owner)
    return try StaticTokens(file: file, user: user, trustDomain: TrustDomain("cluster.local"))
  }

  private func entry(_ token: String, _ identity: String = "spiffe://cluster.local/ns/shop/sa/cart") -> String {
    "tokens: [{token: '\(token)', identity: '\(identity)'}]"
  }

  @Test func `tokens give their identities`() async throws {
    let json =
      #"{"tokens":[{"token":"\#(Self.one)","identity":"spiffe://cluster.local/ns/shop/sa/cart"},"#
      + #"{"identity":"spiffe://cluster.local/ns/shop/sa/till","token":"\#(Self.two)"}]}"#
    for text in [Self.yaml, json] {
      let tokens = try read(text)
      for (token, name) in [(Self.one, "cart"), (Self.two, "till")] {
        let token = try BearerToken(Array(token.utf8))
        let verdict = await tokens.judge(Credentials(token: token), at: Claims.now)
        guard case .authenticated(let caller) = verdict else {
          Issue.record("\(verdict)")
          continue
        }
        #expect(caller.identity == (try Fixture.identity(name)))
        #expect(caller.method == .staticToken && caller.lastTokenAuthentication == Claims.now)
        #expect(caller.credentialExpiry == nil && caller.credentialHash == token.hash && caller.pod == nil)
      }
    }
  }

  @Test func `any other token is unknown`() async throws {
    let tokens = try read(Self.yaml)
    let wrong = [String(Self.one.dropLast()), Self.one + "x", Self.one.lowercased(), "x", String(Self.two.reversed())]
    for text in wrong {
      let verdict = await tokens.judge(Credentials(token: try BearerToken(Array(text.utf8))), at: Claims.now)
      guard case .refused(.unknownStaticToken) = verdict else {
        Issue.record("\(verdict)")
        continue
      }
    }
  }

  @Test func `only the hashes are kept`() throws {
    let tokens = try read(Self.yaml)
    var dumped = ""
    dump(tokens, to: &dumped)
    for text in ["\(tokens)", dumped] { #expect(!text.contains(Self.one) && !text.contains(Self.two)) }
    #expect("\(tokens)" == "2 static tokens")
  }

  @Test(arguments: [0o600, 0o400, 0o200] as [UInt32])
  func `a file of its owner alone`(_ permissions: UInt32) {
    #expect(throws: Never.self) { try read(Self.yaml, permissions: permissions) }
  }

  @Test(arguments: [0o644, 0o640, 0o620, 0o660, 0o604, 0o602, 0o700, 0o601, 0o610, 0o666, 0o4644] as [UInt32])
  func `a file that others may use is refused with the cure`(_ permissions: UInt32) {
    let error = #expect(throws: StaticTokensError.permissions(path: "/t", permissions: permissions)) {
      try read(Self.yaml, permissions: permissions)
    }
    #expect(error?.description.contains("chmod 0600 /t") == true)
    #expect(error?.description.contains("0" + String(permissions, radix: 8)) == true)
  }

  @Test func `a file of somebody else is refused, one of root is not`() {
    #expect(throws: StaticTokensError.owner(path: "/t", owner: 1001, user: 1000)) { try read(Self.yaml, owner: 1001) }
    #expect(throws: Never.self) { try read(Self.yaml, owner: 0) }
  }

  @Test(arguments: [
    "", "[]", "tokens:", "tokens: []", "tokens: {}", "tokens: x", "Tokens: []", "tokens: [1]\nmore: 1", "---\n---\n",
    "# nothing", "null", "\(yaml)\n---\n\(yaml)",
  ])
  func `a file that holds no list`(_ text: String) {
    #expect(throws: StaticTokensError.notAList(path: "/t")) { try read(text) }
  }

  @Test(arguments: ["tokens: [", "\u{0}", "a: &a [*a]", "tokens: []\ntokens: []", "tokens: !!python/object []"])
  func `a file that is no YAML of ours`(_ text: String) {
    #expect(throws: StaticTokensError.notYAML(path: "/t")) { try read(text) }
  }

  @Test(arguments: [
    "tokens: [{}]", "tokens: [x]", "tokens: [{token: \(one)}]", "tokens: [{token: 1, identity: x}]",
    "tokens: [{token: \(one), identity: x, role: admin}]", "tokens: [{token: \(one), identity: 1}]",
    "tokens: [null]", "tokens: [{token: null, identity: null}]",
  ])
  func `an entry that has not just a token and an identity`(_ text: String) {
    #expect(throws: StaticTokensError.malformedEntry(path: "/t", entry: 1)) { try read(text) }
  }

  @Test(arguments: [
    "", "short", String(repeating: "a", count: 31), String(repeating: "a", count: 4097),
    "with a space, which no header would carry", "mit Umlaut äääääääääääääääääääääääääää",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.AAAAAAAAAAAA",
  ])
  func `a token that is weak, can't be sent, or looks signed`(_ token: String) {
    #expect(throws: StaticTokensError.unfitToken(path: "/t", entry: 1)) { try read(entry(token)) }
  }

  @Test func `an identity that is none, or of another mesh`() throws {
    #expect(throws: StaticTokensError.identity(path: "/t", entry: 1, .notAWorkload)) {
      try read(entry(Self.one, "spiffe://cluster.local/admin"))
    }
    #expect(throws: StaticTokensError.identity(path: "/t", entry: 1, .invalidScheme)) {
      try read(entry(Self.one, "cart"))
    }
    let other = try TrustDomain("other.example")
    let own = try TrustDomain("cluster.local")
    #expect(throws: StaticTokensError.foreignTrustDomain(path: "/t", entry: 1, other, own: own)) {
      try read(entry(Self.one, "spiffe://other.example/ns/shop/sa/cart"))
    }
  }

  @Test func `one token for two identities`() {
    #expect(throws: StaticTokensError.repeated(path: "/t", entry: 2)) {
      try read(Self.yaml.replacing(Self.two, with: Self.one))
    }
  }

  @Test func `too many and too much`() {
    let many = (0...4096).map { "- {token: \(Self.one)\($0), identity: spiffe://cluster.local/ns/a/sa/b}" }
    #expect(throws: StaticTokensError.tooMany(path: "/t", count: 4097)) {
      try read("tokens:\n" + many.joined(separator: "\n"))
    }
    #expect(throws: StaticTokensError.tooLong(path: "/t")) { try read(String(repeating: "#", count: 1 << 20 + 1)) }
  }
}
