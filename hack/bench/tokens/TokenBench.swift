import CallerAuthentication
import Crypto
import CryptoExtras
import FoundationEssentials
import Glibc
import SPIFFE

/// Times the verification of ServiceAccount tokens, in CPU time of this process, which has one thread.
///
///     token-bench SECONDS   one line each: what, ns of CPU a call
@main struct TokenBench {
  static let now = Date(timeIntervalSince1970: 1_800_000_100)

  static func main() throws {
    let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 1
    let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let ec = P256.Signing.PrivateKey()
    let keys = try TokenSigningKeys(
      parsing: Array(#"{"keys":[\#(try jwk(rsa.publicKey)),\#(jwk(ec.publicKey))]}"#.utf8)
    )
    let policy = try ServiceAccountTokenPolicy(
      trustDomain: TrustDomain("cluster.local"),
      issuer: "https://kubernetes.default.svc.cluster.local",
      audiences: ["amesh-ca"]
    )
    let signed = [
      ("RS256", try token("RS256") { try rsa.signature(for: $0, padding: .insecurePKCS1v1_5).rawRepresentation }),
      ("ES256", try token("ES256") { try ec.signature(for: $0).rawRepresentation }),
    ]
    for (name, text) in signed {
      let header = "Bearer \(text)"
      print(
        "\(name) verify",
        try time(seconds) {
          try ServiceAccountToken.verify(BearerToken(authorization: header), keys: keys, policy: policy, now: now)
        },
        separator: "\t"
      )
      let tokens = ServiceAccountTokens(keys: keys, policy: policy)
      print(
        "\(name) cached",
        try time(seconds) {
          try tokens.verify(BearerToken(authorization: header), at: now)
        },
        separator: "\t"
      )
      let bytes = Array(claims.utf8)
      print(
        "claims alone",
        try time(seconds) {
          try ServiceAccountToken(TokenClaims(parsing: bytes), policy: policy, now: now)
        },
        separator: "\t"
      )
    }
    let digest = SHA256.hash(data: Array(claims.utf8))
    let rsaSignature = try rsa.signature(for: digest, padding: .insecurePKCS1v1_5)
    let ecSignature = try ec.signature(for: digest)
    print(
      "RSA-2048 floor",
      try time(seconds) {
        rsa.publicKey.isValidSignature(rsaSignature, for: digest, padding: .insecurePKCS1v1_5)
      },
      separator: "\t"
    )
    print("P-256 floor", try time(seconds) { ec.publicKey.isValidSignature(ecSignature, for: digest) }, separator: "\t")
  }

  /// The best of slices, in nanoseconds of CPU a call.
  static func time<Result>(_ seconds: Double, _ work: () throws -> Result) throws -> Int {
    var best = Double.infinity
    let end = cpuTime() + seconds * 1e9
    repeat {
      let start = cpuTime()
      for _ in 0..<100 { _ = try work() }
      best = min(best, (cpuTime() - start) / 100)
    } while cpuTime() < end
    return Int(best)
  }

  /// In nanoseconds, by steps of a microsecond.
  static func cpuTime() -> Double { Double(clock()) * 1000 }

  static func token(_ algorithm: String, sign: (SHA256Digest) throws -> Data) throws -> String {
    let header = Base64URL.encode(#"{"alg":"\#(algorithm)","kid":"\#(algorithm)"}"#.utf8)
    let text = "\(header).\(Base64URL.encode(claims.utf8))"
    return "\(text).\(Base64URL.encode(try sign(SHA256.hash(data: Array(text.utf8)))))"
  }

  static func jwk(_ key: _RSA.Signing.PublicKey) throws -> String {
    let numbers = try key.getKeyPrimitives()
    let (n, e) = (Base64URL.encode(numbers.modulus), Base64URL.encode(numbers.publicExponent))
    return #"{"kty":"RSA","kid":"RS256","n":"\#(n)","e":"\#(e)"}"#
  }

  static func jwk(_ key: P256.Signing.PublicKey) -> String {
    let (x, y) = (
      Base64URL.encode(key.rawRepresentation.prefix(32)), Base64URL.encode(key.rawRepresentation.suffix(32))
    )
    return #"{"kty":"EC","crv":"P-256","kid":"ES256","x":"\#(x)","y":"\#(y)"}"#
  }

  static let claims = #"""
    {"aud":["amesh-ca"],"exp":1800003600,"iat":1800000000,"iss":"https://kubernetes.default.svc.cluster.local",\#
    "jti":"0b2f1a52-9a44-4b63-9d2d-2b1b6a7a9a10","kubernetes.io":{"namespace":"shop","node":{"name":"node-1",\#
    "uid":"86f9ad0c-1f9f-4f0a-9a3a-fb4b8ed1f6ea"},"pod":{"name":"cart-7d4b9c6f5d-x2x8k",\#
    "uid":"5e0bd49b-f040-43b0-99b7-22765a53f7f3"},"serviceaccount":{"name":"cart",\#
    "uid":"14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},"warnafter":1800003607},"nbf":1800000000,\#
    "sub":"system:serviceaccount:shop:cart"}
    """#
}
