import CallerAuthentication
import KubernetesAPI
import SPIFFE

/// What the API server has said of a token, as far as we look at it.
struct ReviewedToken: Sendable, Hashable {
  private static let podName = "authentication.kubernetes.io/pod-name"
  private static let podUID = "authentication.kubernetes.io/pod-uid"
  private static let maximumErrorLength = 256

  let isAuthenticated: Bool
  let username: String
  let uid: String
  let audiences: [String]
  let podNames: [String]
  let podUIDs: [String]
  let error: String

  init(_ review: TokenReview) {
    isAuthenticated = review.isAuthenticated
    username = review.username
    uid = review.uid
    audiences = review.audiences
    podNames = review.extra[Self.podName] ?? []
    podUIDs = review.extra[Self.podUID] ?? []
    error = String(review.error.prefix(Self.maximumErrorLength))
  }

  /// Whether the API server vouches for just what the token says of itself.
  ///
  /// - Parameter audiences: those that were asked for.
  func check(_ token: ServiceAccountToken, audiences asked: [String]) throws(ServiceAccountTokenError) {
    guard isAuthenticated else { throw .review(error.isEmpty ? "it is not good" : error) }
    // A server that knows no audiences takes tokens that are meant for others.
    guard audiences.contains(where: { asked.contains($0) }) else {
      throw .review("it is good for none of the audiences \(asked.joined(separator: ", "))")
    }
    let subject = "system:serviceaccount:\(token.identity.namespace):\(token.identity.serviceAccount)"
    guard username == subject else { throw .review("it is \(username)'s, and claims to be \(subject)'s") }
    guard uid == token.serviceAccountUID else { throw .review("its ServiceAccount is another one of that name") }
    guard podNames == (token.pod.map { [$0.name] } ?? []), podUIDs == (token.pod.map { [$0.uid] } ?? []) else {
      throw .review("it is bound to another Pod than it claims")
    }
  }
}
