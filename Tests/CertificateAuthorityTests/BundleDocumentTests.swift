import CertificateAuthority
import FoundationEssentials
import KubernetesObjects
import SPIFFE
import Testing

@Suite struct BundleDocumentTests {
  let trustDomain: TrustDomain
  let bundle: TrustBundle

  init() throws {
    let authorities = try [KeyAlgorithm.ecdsaP256, .ecdsaP384, .rsa2048].map {
      try TestAuthority(rootAlgorithm: $0).root
    }
    trustDomain = try TrustDomain("cluster.local")
    bundle = try TrustBundle(trustDomain: trustDomain, authorities: authorities)
  }

  func read(_ text: String) throws(TrustBundleError) -> BundleDocument {
    try BundleDocument(trustDomain: trustDomain, json: Array(text.utf8))
  }

  func x5c(_ certificate: MeshCertificate) -> String { Data(certificate.derBytes).base64EncodedString() }

  @Test(
    arguments: [
      (nil, nil), (0, .seconds(0)), (42, .seconds(300)), (UInt64.max, .seconds(86_400)),
    ] as [(UInt64?, Duration?)]
  )
  func `what is written is read again`(_ sequence: UInt64?, _ hint: Duration?) throws {
    let document = BundleDocument(bundle: bundle, sequence: sequence, refreshHint: hint)
    #expect(try BundleDocument(trustDomain: trustDomain, json: document.json()) == document)
  }

  @Test func `keys are those of the certificates`() throws {
    let document = BundleDocument(bundle: bundle, sequence: 1, refreshHint: .seconds(300))
    let json = try JSONValue(parsing: document.json())
    #expect(json["spiffe_sequence"]?.integer == 1)
    #expect(json["spiffe_refresh_hint"]?.integer == 300)
    let keys = try #require(json["keys"]?.array)
    #expect(keys.count == 3)
    for (key, authority) in zip(keys, bundle.authorities) {
      #expect(key["use"]?.string == "x509-svid")
      #expect(key["kid"] == nil)
      #expect(key["x5c"]?.array?.compactMap(\.string) == [x5c(authority)])
      let members = try #require(key.object).map(\.key)
      switch authority.publicKey.material {
      case .point(let point):
        #expect(members == ["use", "kty", "crv", "x", "y", "x5c"])
        #expect(key["kty"]?.string == "EC")
        #expect(key["crv"]?.string == (point.count == 65 ? "P-256" : "P-384"))
        #expect(try Self.decoded(key["x"]) + Self.decoded(key["y"]) == Array(point.dropFirst()))
      case .rsa(let modulus, let exponent):
        #expect(members == ["use", "kty", "n", "e", "x5c"])
        #expect(key["kty"]?.string == "RSA")
        #expect(try Self.decoded(key["n"]) == modulus)
        #expect(try Self.decoded(key["e"]) == exponent)
      }
    }
  }

  static func decoded(_ value: JSONValue?) throws -> [UInt8] {
    let text = try #require(value?.string)
    #expect(!text.contains { "+/=".contains($0) })
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    let standard = text.replacing("-", with: "+").replacing("_", with: "/") + padding
    return Array(try #require(Data(base64Encoded: standard)))
  }

  @Test func `no keys means that nothing is trusted`() throws {
    let document = try read(#"{"keys":[]}"#)
    #expect(document.bundle.authorities.isEmpty)
    #expect(document.sequence == nil && document.refreshHint == nil)
  }

  @Test func `keys for other uses and unknown members are passed over`() throws {
    let root = try #require(bundle.authorities.first)
    let document = try read(
      """
      {"new": {"a": [1]}, "spiffe_sequence": 7, "keys": [
        {"use": "jwt-svid", "kid": "a", "kty": "EC", "crv": "P-256", "x": "", "y": ""},
        {"use": "wit-svid"}, {"kty": "oct", "k": ""}, {"use": 1},
        {"use": "x509-svid", "x5c": ["\(x5c(root))"]}]}
      """
    )
    #expect(document.bundle.authorities == [root])
    #expect(document.sequence == 7)
  }

  @Test(arguments: [
    ("", "no JSON"), ("[]", "keys"), ("{}", "keys"), (#"{"keys": {}}"#, "keys"), (#"{"keys": [1]}"#, "keys"),
    (#"{"keys": null}"#, "keys"), (#"{"keys": [], "keys": []}"#, "no JSON"),
    (#"{"keys": [{"use": "x509-svid"}]}"#, "x5c"), (#"{"keys": [{"use": "x509-svid", "x5c": []}]}"#, "x5c"),
    (#"{"keys": [{"use": "x509-svid", "x5c": ["AA==", "AA=="]}]}"#, "x5c"),
    (#"{"keys": [{"use": "x509-svid", "x5c": "AA=="}]}"#, "x5c"),
    (#"{"keys": [{"use": "x509-svid", "x5c": ["*"]}]}"#, "x5c"),
    (#"{"keys": [{"use": "x509-svid", "x5c": ["AA=="]}]}"#, "can't be read"),
    (#"{"keys": [], "spiffe_sequence": -1}"#, "spiffe_sequence"),
    (#"{"keys": [], "spiffe_sequence": "1"}"#, "spiffe_sequence"),
    (#"{"keys": [], "spiffe_sequence": 18446744073709551616}"#, "spiffe_sequence"),
    (#"{"keys": [], "spiffe_refresh_hint": 1.5}"#, "spiffe_refresh_hint"),
    (#"{"keys": [], "spiffe_refresh_hint": null}"#, "spiffe_refresh_hint"),
  ])
  func `is refused`(_ text: String, _ words: String) throws {
    let error = try #require(throws: TrustBundleError.self) { try read(text) }
    #expect(error.description.contains(words), "\(error)")
  }

  @Test func `a leaf is no authority`() throws {
    let leaf = try TestAuthority().issue().certificate
    #expect(throws: TrustBundleError.notAnAuthority(leaf.serialNumber)) {
      try read(#"{"keys": [{"use": "x509-svid", "x5c": ["\#(x5c(leaf))"]}]}"#)
    }
  }

  @Test func `a document of more than 1 MiB is not looked at`() {
    #expect(throws: TrustBundleError.tooLong(limit: 1 << 20)) { try read(String(repeating: " ", count: 1 << 20 + 1)) }
  }
}
