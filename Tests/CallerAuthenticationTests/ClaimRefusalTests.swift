import CallerAuthentication
import FoundationEssentials
import KubernetesObjects
import SPIFFE
import Testing

/// Claims that a cluster signed and that are refused all the same.
@Suite struct ClaimRefusalTests {
  let forge: TokenForge

  init() throws { forge = try TokenForge.shared.get() }

  private func expect(
    _ expected: ServiceAccountTokenError,
    _ claims: Claims,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let token = try forge.token(claims)
    #expect(throws: expected, sourceLocation: sourceLocation) { try verify(token) }
  }

  @Test(arguments: ["iss", "aud", "sub", "exp", "iat", "kubernetes.io"])
  func `a claim that is missing`(_ name: String) throws {
    try expect(.missingClaim(name), Claims().without(name))
  }

  @Test(arguments: ["namespace", "serviceaccount"])
  func `a Kubernetes claim that is missing`(_ name: String) throws {
    try expect(.missingClaim(name), Claims().withKubernetes(name, nil))
  }

  @Test(arguments: ["iss", "aud", "sub", "exp", "iat", "nbf", "kubernetes.io"])
  func `a claim that is null, an object or a list of numbers`(_ name: String) throws {
    for value in ["null", "true", #"[1]"#, #"[null]"#] { try expect(.malformedClaim(name), Claims().with(name, value)) }
    if name != "kubernetes.io" { try expect(.malformedClaim(name), Claims().with(name, "{}")) }
  }

  @Test(arguments: ["exp", "nbf", "iat"])
  func `times that are no whole seconds of our calendar`(_ name: String) throws {
    let wrong = [
      "-1", "1800000000.0", "1800000000.5", "1.8e9", "18E8", "253402300800", "9223372036854775807",
      "9223372036854775808", "-9223372036854775809", "1e400", String(repeating: "9", count: 5000), #""1800000000""#,
      "true",
    ]
    for value in wrong { try expect(.malformedClaim(name), Claims().with(name, value)) }
  }

  @Test(arguments: [1, 60, Claims.expiresAt - 4000, 1_799_999_000])
  func `a token that has expired`(_ exp: Int) throws {
    try expect(.expired(at: exp), Claims().with("iat", "0").with("exp", "\(exp)"))
  }

  @Test func `a token from the future`() throws {
    try expect(.notYetValid(until: 1_800_000_161), Claims().with("nbf", "1800000161"))
    try expect(.issuedInFuture(at: 1_800_000_161), Claims().with("iat", "1800000161"))
  }

  @Test func `a token that expires before it is issued`() throws {
    try expect(.malformedClaim("exp"), Claims().with("iat", "1800003600"))
  }

  @Test(arguments: [
    "https://kubernetes.default.svc.cluster.local/", "https://kubernetes.default.svc.cluster.loca",
    "HTTPS://kubernetes.default.svc.cluster.local", "https://evil.example", " ",
  ])
  func `another issuer`(_ issuer: String) throws {
    try expect(.issuer(issuer, expected: Claims.issuer), Claims().with("iss", "\"\(issuer)\""))
  }

  @Test func `an issuer that only looks the same`() throws {
    let policy = try ServiceAccountTokenPolicy(
      trustDomain: Fixture.identity().trustDomain,
      issuer: "https://caf\u{E9}",
      audiences: ["e\u{301}"]
    )
    let composed = Claims().with("iss", "\"https://caf\u{E9}\"")
    let decomposed = try forge.token(Claims().with("iss", "\"https://cafe\u{301}\""))
    #expect(throws: ServiceAccountTokenError.issuer("https://cafe\u{301}", expected: policy.issuer)) {
      try verify(decomposed, policy: policy)
    }
    #expect(throws: ServiceAccountTokenError.audience(["\u{E9}"], accepted: policy.audiences)) {
      try verify(forge.token(composed.with("aud", "[\"\u{E9}\"]")), policy: policy)
    }
    #expect(throws: Never.self) { try verify(forge.token(composed.with("aud", "[\"e\u{301}\"]")), policy: policy) }
  }

  @Test(arguments: [
    (#"["https://kubernetes.default.svc"]"#, ["https://kubernetes.default.svc"]), (#""amesh-ca ""#, ["amesh-ca "]),
    ("[]", []), (#"["AMESH-CA","amesh"]"#, ["AMESH-CA", "amesh"]), (#""""#, [""]),
  ])
  func `another audience`(_ json: String, _ audiences: [String]) throws {
    try expect(.audience(audiences, accepted: ["amesh-ca", "istio-ca"]), Claims().with("aud", json))
  }

  @Test(arguments: [
    "system:serviceaccount:shop:admin", "system:serviceaccount:prod:cart", "system:serviceaccount:shop:cart ",
    "System:serviceaccount:shop:cart", "system:serviceaccount:shop", "system:node:shop", "shop:cart",
    "system:serviceaccount:shop:cart:extra", "system:admin",
  ])
  func `a subject that is not the service account of the Kubernetes claims`(_ subject: String) throws {
    try expect(
      .subject(subject, expected: "system:serviceaccount:shop:cart"),
      Claims().with("sub", "\"\(subject)\"")
    )
  }

  static let illegalNames = [
    "", ".", "..", "Shop", "shop/sa/admin", "shop\\u0000", "shop\\n", "sh%6Fp", "-shop", "shop-", "sh_op", "shop ",
    "ѕhop", "sh\u{F6}p", "sho\u{200B}p", "ｓhop", "shop\u{301}", "\\ud83d\\ude00", "*", "shop:cart", "../shop",
  ]

  @Test(arguments: illegalNames + [String(repeating: "n", count: 64), "a.b"])
  func `a namespace that is no DNS label`(_ name: String) throws {
    try expect(.malformedClaim("namespace"), Claims().of(namespace: name, serviceAccount: "cart"))
  }

  @Test(arguments: illegalNames + [String(repeating: "n", count: 254), "a..b", ".a", "a."])
  func `a service account or Pod that is no DNS subdomain`(_ name: String) throws {
    try expect(.malformedClaim("serviceaccount"), Claims().of(namespace: "shop", serviceAccount: name))
    try expect(.malformedClaim("pod"), Claims().withKubernetes("pod", #"{"name":"\#(name)","uid":"1"}"#))
  }

  @Test(arguments: ["serviceaccount", "pod"])
  func `an object without name or uid`(_ name: String) throws {
    let long = String(repeating: "u", count: 129)
    let wrong = [
      "null", "[]", #""cart""#, "{}", #"{"name":"cart"}"#, #"{"uid":"1"}"#, #"{"name":"cart","uid":""}"#,
      #"{"name":"cart","uid":1}"#, #"{"name":"cart","uid":"\#(long)"}"#, #"{"name":"cart","uid":"a b"}"#,
      #"{"name":null,"uid":"1"}"#,
    ]
    for value in wrong { try expect(.malformedClaim(name), Claims().withKubernetes(name, value)) }
  }

  @Test(arguments: [
    ("sub", #""sub":"system:serviceaccount:shop:admin""#), ("sub", #""su\u0062":"x""#), ("exp", #""exp":1"#),
    ("kubernetes.io", #""kubernetes\u002eio":{}"#), ("aud", #""aud":[]"#),
  ])
  func `a claim that comes twice`(_ name: String, _ member: String) throws {
    let text = Claims().text
    for claims in ["{\(member),\(text.dropFirst())", "\(text.dropLast()),\(member)}"] {
      let error = #expect(throws: ServiceAccountTokenError.self) { try verify(forge.token(claims: claims)) }
      guard case .notJSON(.claims, let problem)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(problem.kind == .duplicateKey(name))
    }
  }

  @Test(arguments: [
    "", " ", "{", "nul", "{\"a\":01}", "{'a':1}", "{}{}", "\u{FEFF}{}", #"{"a":"\ud800"}"#, "{\"a\":\"\u{1}\"}",
    String(repeating: "[", count: 1000),
  ])
  func `claims that are no JSON`(_ text: String) throws {
    let token = try forge.token(claims: text)
    let error = #expect(throws: ServiceAccountTokenError.self) { try verify(token) }
    if text.isEmpty {
      #expect(error == .notThreeSegments)
    } else if case .notJSON(.claims, _)? = error {
    } else {
      Issue.record("\(String(describing: error))")
    }
  }

  @Test(arguments: ["[]", "1", #""claims""#, "null"])
  func `claims that are no object`(_ text: String) throws {
    let token = try forge.token(claims: text)
    #expect(throws: ServiceAccountTokenError.malformed(.claims)) { try verify(token) }
  }
}
