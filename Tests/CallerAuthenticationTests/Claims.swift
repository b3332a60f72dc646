import FoundationEssentials

/// The claims of a token that is accepted at ``now``, to be changed member by member. Values are JSON.
struct Claims: Sendable {
  static let now = Date(timeIntervalSince1970: 1_800_000_100)
  static let issuedAt = 1_800_000_000
  static let expiresAt = 1_800_003_600
  static let issuer = "https://kubernetes.default.svc.cluster.local"

  private typealias Member = (name: String, value: String)

  private var members: [Member] = [
    ("aud", #"["amesh-ca"]"#),
    ("exp", "\(expiresAt)"),
    ("iat", "\(issuedAt)"),
    ("iss", "\"\(issuer)\""),
    ("jti", #""0b2f1a52-9a44-4b63-9d2d-2b1b6a7a9a10""#),
    ("nbf", "\(issuedAt)"),
    ("sub", #""system:serviceaccount:shop:cart""#),
  ]
  private var kubernetes: [Member] = [
    ("namespace", #""shop""#),
    ("node", #"{"name":"node-1","uid":"86f9ad0c-1f9f-4f0a-9a3a-fb4b8ed1f6ea"}"#),
    ("pod", #"{"name":"cart-7d4b9c6f5d-x2x8k","uid":"5e0bd49b-f040-43b0-99b7-22765a53f7f3"}"#),
    ("serviceaccount", #"{"name":"cart","uid":"14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"}"#),
    ("warnafter", "1800003607"),
  ]

  /// With that claim set, or left out.
  func with(_ name: String, _ value: String?) -> Claims {
    var claims = self
    Self.set(name, value, in: &claims.members)
    if name == "kubernetes.io" { claims.kubernetes = [] }
    return claims
  }

  func without(_ name: String) -> Claims { with(name, nil) }

  /// With that member of the Kubernetes claims set, or left out.
  func withKubernetes(_ name: String, _ value: String?) -> Claims {
    var claims = self
    Self.set(name, value, in: &claims.kubernetes)
    return claims
  }

  /// With another namespace and service account, and the subject that belongs to them.
  func of(namespace: String, serviceAccount: String) -> Claims {
    with("sub", #""system:serviceaccount:\#(namespace):\#(serviceAccount)""#)
      .withKubernetes("namespace", "\"\(namespace)\"")
      .withKubernetes("serviceaccount", #"{"name":"\#(serviceAccount)","uid":"1"}"#)
  }

  var text: String {
    Self.object(kubernetes.isEmpty ? members : members + [("kubernetes.io", Self.object(kubernetes))])
  }

  private static func set(_ name: String, _ value: String?, in members: inout [Member]) {
    members.removeAll { $0.name == name }
    if let value { members.append((name, value)) }
  }

  private static func object(_ members: [Member]) -> String {
    "{\(members.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ","))}"
  }
}
