package import CallerAuthentication
import KubernetesAPI

/// An object that tokens were bound to, and that will not come back.
package enum EndedObject: Sendable, Hashable {
  case pod(uid: String)
  case serviceAccount(uid: String)

  /// Whether that caller's credential has ended with it.
  package func ends(_ caller: Caller) -> Bool {
    switch self {
    case .pod(let uid): caller.pod?.uid == uid
    case .serviceAccount(let uid): caller.serviceAccountUID == uid
    }
  }

  /// Nil for a change that ends nothing.
  init?(pod change: InformerChange<BoundPod>) {
    switch change {
    case .removed(_, let pod): self = .pod(uid: pod.uid)
    case .changed(_, let before, let after) where before.uid != after.uid: self = .pod(uid: before.uid)
    case .changed(_, let before, let after) where after.hasEnded && !before.hasEnded: self = .pod(uid: after.uid)
    case .added, .changed: return nil
    }
  }

  init?(serviceAccount change: InformerChange<BoundServiceAccount>) {
    switch change {
    case .removed(_, let account): self = .serviceAccount(uid: account.uid)
    case .changed(_, let before, let after) where before.uid != after.uid: self = .serviceAccount(uid: before.uid)
    case .added, .changed: return nil
    }
  }
}
