import CallerAuthentication
import Crypto
import FoundationEssentials
import KubernetesObjects

/// Signs tokens as a cluster does.
struct SigningCluster: Sendable {
  static let issuer = "https://kubernetes.default.svc.cluster.local"
  static let issuedAt = 1_800_000_000
  static let expiresAt = 1_800_007_200

  let keyID: String
  private let key = P256.Signing.PrivateKey()

  init(keyID: String = "cluster") { self.keyID = keyID }

  var jwk: String {
    let point = key.publicKey.rawRepresentation
    let (x, y) = (Base64URL.encode(point.prefix(32)), Base64URL.encode(point.suffix(32)))
    return #"{"use":"sig","kty":"EC","crv":"P-256","kid":"\#(keyID)","alg":"ES256","x":"\#(x)","y":"\#(y)"}"#
  }

  static func keySet(_ clusters: SigningCluster...) -> [UInt8] {
    Array(#"{"keys":[\#(clusters.map(\.jwk).joined(separator: ","))]}"#.utf8)
  }

  static func discovery(issuer: String = issuer) -> [UInt8] {
    Array(#"{"issuer":"\#(issuer)","jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks"}"#.utf8)
  }

  func token(_ claims: TestClaims) throws -> String {
    let header = #"{"alg":"ES256","kid":"\#(keyID)"}"#
    let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims.json.serialized()))"
    let signature = try key.signature(for: SHA256.hash(data: Array(signed.utf8))).rawRepresentation
    return "\(signed).\(Base64URL.encode(signature))"
  }
}

/// What a token says of itself.
struct TestClaims: Sendable {
  var issuer = SigningCluster.issuer
  var audience = "amesh-ca"
  var issuedAt = SigningCluster.issuedAt
  var expiresAt = SigningCluster.expiresAt
  var namespace = "shop"
  var serviceAccount = "cart"
  var serviceAccountUID = "sa-1"
  var pod: (name: String, uid: String)? = ("cart-0", "pod-1")
  var node: String?

  var json: JSONValue {
    var kubernetes: JSONValue = [
      "namespace": .string(namespace),
      "serviceaccount": ["name": .string(serviceAccount), "uid": .string(serviceAccountUID)],
    ]
    if let pod { kubernetes["pod"] = ["name": .string(pod.name), "uid": .string(pod.uid)] }
    if let node { kubernetes["node"] = ["name": .string(node)] }
    return [
      "iss": .string(issuer), "aud": [.string(audience)],
      "sub": .string("system:serviceaccount:\(namespace):\(serviceAccount)"),
      "iat": .number(JSONNumber(issuedAt)), "nbf": .number(JSONNumber(issuedAt)),
      "exp": .number(JSONNumber(expiresAt)), "kubernetes.io": kubernetes,
    ]
  }
}
