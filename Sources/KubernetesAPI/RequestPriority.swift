/// Which requests go first when we ask for more than our share.
package enum RequestPriority: Int, Sendable, Hashable, CaseIterable, Comparable {
  /// Lists: large, and nobody waits for them.
  case background
  case normal
  /// Someone stands at the door (TokenReview), or leadership runs out (Lease).
  case urgent

  package static func < (one: RequestPriority, other: RequestPriority) -> Bool { one.rawValue < other.rawValue }

  /// What a request is by what it asks for.
  static func of(_ verb: Verb, _ resource: KubernetesResource) -> RequestPriority {
    if resource == .tokenReviews || resource == .leases { return .urgent }
    return verb == .list || verb == .watch ? .background : .normal
  }
}

/// What is done to objects, by the names that RBAC has.
enum Verb: String, Sendable, Hashable {
  case get, list, watch, create, update, patch, delete
}
