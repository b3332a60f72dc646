import ArgumentParser
import CallerAuthentication
import Crypto
import CryptoExtras
import FoundationEssentials

/// Makes a cluster's key and ServiceAccount tokens, as kube-apiserver signs them: RS256, bound to a Pod.
struct Prepare: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write keys.json and tokens into a directory.")
  static let issuer = "https://kubernetes.default.svc.cluster.local"

  @Argument(help: "The directory.") var directory: String
  @Option(help: "Tokens to make.") var tokens = 20_000
  @Option(help: "Identities that they are of, in turn.") var identities = 5_000

  func run() throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let numbers = try key.publicKey.getKeyPrimitives()
    let (n, e) = (Base64URL.encode(numbers.modulus), Base64URL.encode(numbers.publicExponent))
    let now = Int(Date().timeIntervalSince1970)
    let header = Base64URL.encode(#"{"alg":"RS256","kid":"bench"}"#.utf8)
    var lines = ""
    for index in 0..<tokens {
      let text = "\(header).\(Base64URL.encode(Self.claims(index, of: identities, now: now).utf8))"
      let signature = try key.signature(for: SHA256.hash(data: Array(text.utf8)), padding: .insecurePKCS1v1_5)
      lines += "\(text).\(Base64URL.encode(signature.rawRepresentation))\n"
    }
    try Data(lines.utf8).write(to: URL(filePath: "\(directory)/tokens"))
    try Data(#"{"keys":[{"kty":"RSA","kid":"bench","n":"\#(n)","e":"\#(e)"}]}"#.utf8)
      .write(to: URL(filePath: "\(directory)/keys.json"))
  }

  private static func claims(_ index: Int, of identities: Int, now: Int) -> String {
    let account = index % identities
    let (namespace, name) = ("team-\(account / 50)", "service-\(account % 50)")
    let uid = String(repeating: "0", count: 12 - "\(index)".count) + "\(index)"
    return #"""
      {"aud":["amesh-ca"],"exp":\#(now + 86_400),"iat":\#(now),"iss":"\#(issuer)",\#
      "jti":"0b2f1a52-9a44-4b63-9d2d-\#(uid)","kubernetes.io":{"namespace":"\#(namespace)","node":{"name":"node-1",\#
      "uid":"86f9ad0c-1f9f-4f0a-9a3a-fb4b8ed1f6ea"},"pod":{"name":"\#(name)-7d4b9c6f5d-x2x8k",\#
      "uid":"5e0bd49b-f040-43b0-99b7-\#(uid)"},"serviceaccount":{"name":"\#(name)",\#
      "uid":"14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"},"warnafter":\#(now + 3607)},"nbf":\#(now),\#
      "sub":"system:serviceaccount:\#(namespace):\#(name)"}
      """#
  }
}

/// The tokens of ``Prepare``, in turn: as many callers as there are tokens.
struct TokenOptions: ParsableArguments {
  @Option(help: "File of tokens, one a line.") var tokens: String

  func list() throws -> [String] {
    let text = String(decoding: try Data(contentsOf: URL(filePath: tokens)), as: UTF8.self)
    let list = text.split(separator: "\n").map(String.init)
    guard !list.isEmpty else { throw LoadError("\(tokens) holds no token") }
    return list
  }
}
