/// Why what a genuine token is bound to no longer answers for it.
package enum BoundObjectProblem: Hashable, Sendable, CustomStringConvertible {
  /// It was deleted, or is deleted and its grace period is over; another of the same name is another one.
  case podGone(String)
  /// All its containers have ended.
  case podEnded(String)
  case podOfOtherServiceAccount(String)
  case podOnOtherNode(String)
  case serviceAccountGone(String)

  package var description: String {
    switch self {
    case .podGone(let name): "the token is bound to the Pod \(name), which is gone"
    case .podEnded(let name): "the token is bound to the Pod \(name), whose containers have ended"
    case .podOfOtherServiceAccount(let name): "the token is bound to the Pod \(name), which has another ServiceAccount"
    case .podOnOtherNode(let name): "the token is bound to the Pod \(name), which runs on another node"
    case .serviceAccountGone(let name): "the token's ServiceAccount \(name) is gone"
    }
  }
}
