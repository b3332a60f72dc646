import KubernetesObjects

/// What the API server says of a token.
package struct TokenReview: Sendable, Hashable {
  package var isAuthenticated: Bool
  /// `system:serviceaccount:NAMESPACE:NAME` for a ServiceAccount.
  package var username: String
  package var uid: String
  package var groups: [String]
  /// `authentication.kubernetes.io/pod-name` and the like.
  package var extra: [String: [String]]
  /// Those of the asked-for that the token is good for; empty from a server that knows no audiences, which says nothing.
  package var audiences: [String]
  /// Why not.
  package var error: String

  init(_ review: JSONView) {
    let status = review["status"]
    let user = status?["user"]
    isAuthenticated = status?.bool(of: "authenticated") ?? false
    username = user?.string(of: "username") ?? ""
    uid = user?.string(of: "uid") ?? ""
    groups = user?["groups"]?.strings ?? []
    audiences = status?["audiences"]?.strings ?? []
    error = status?.string(of: "error") ?? ""
    extra = [:]
    guard let members = user?["extra"]?.members else { return }
    for (key, value) in members {
      if let key = key.string { extra[key] = value.strings }
    }
  }
}

extension KubernetesClient {
  /// Asks whether a token is good for one of the audiences.
  ///
  /// The answer's ``TokenReview/audiences`` have to be looked at: a server that knows none takes any token.
  package func review(token: String, audiences: [String]) async throws(APIError) -> TokenReview {
    let review: JSONValue = [
      "apiVersion": "authentication.k8s.io/v1",
      "kind": "TokenReview",
      "spec": ["token": .string(token), "audiences": .array(audiences.map { .string($0) })],
    ]
    return TokenReview(try await create(.tokenReviews, review, namespace: nil, subresource: nil).root)
  }
}

extension JSONView {
  /// The strings of an array; what is no string is left out.
  var strings: [String] { kind == .array ? elements.compactMap(\.string) : [] }
}
