import CallerAuthentication
import FoundationEssentials
import SPIFFE

/// Whether what a genuine token is bound to still stands.
enum BoundObjectVerdict: Sendable, Equatable {
  case stands
  /// For good: nothing that comes later brings it back.
  case ended(BoundObjectProblem)
  case unknown(Doubt)

  /// Why what we know is not enough.
  enum Doubt: Sendable, Equatable {
    case notSynced
    /// What was heard last speaks for the token, but that was so long ago.
    case stale(Duration)
    /// Just created, or gone before we came.
    case podUnknown(String)
    case serviceAccountUnknown(String)
  }
}

extension BoundObjectVerdict.Doubt: CustomStringConvertible {
  var description: String {
    switch self {
    case .notSynced: "the cluster's Pods and ServiceAccounts are not known yet"
    case .stale(let silence):
      "nothing was heard of the cluster's Pods and ServiceAccounts for \(silence.components.seconds) s"
    case .podUnknown(let name): "the Pod \(name) is not known"
    case .serviceAccountUnknown(let name): "the ServiceAccount \(name) is not known"
    }
  }
}

/// What is known of the objects that one token is bound to, as of one moment.
struct BoundObjectsSeen: Sendable {
  var pod: BoundPod?
  /// The uid that the token names is one that was seen to go.
  var podIsGone = false
  var serviceAccount: BoundServiceAccount?
  var serviceAccountIsGone = false
  /// How old this is; nil if nothing was ever listed.
  var silence: Duration?

  /// How long after its end an object's tokens are still good, as the API server has it.
  static let leeway: TimeInterval = 60
  /// How old may be what is relied on without asking. A watch is heard each minute.
  static let freshness = Duration.seconds(180)

  /// A pure decision. What has ended has ended, however old the news; what stands may have ended since.
  func judge(_ token: ServiceAccountToken, now: Date) -> BoundObjectVerdict {
    let account = token.identity.serviceAccount
    if let problem = podProblem(token, now) { return .ended(problem) }
    if serviceAccountIsGone || Self.isOver(matching(serviceAccount, token)?.deletedAt, now) {
      return .ended(.serviceAccountGone(account))
    }
    guard let silence else { return .unknown(.notSynced) }
    if let bound = token.pod, pod?.uid != bound.uid { return .unknown(.podUnknown(bound.name)) }
    guard matching(serviceAccount, token) != nil else { return .unknown(.serviceAccountUnknown(account)) }
    // The token was issued where the Pod was bound already: we have only not heard of that yet.
    if let bound = token.pod, token.nodeName != nil, pod?.node == nil { return .unknown(.podUnknown(bound.name)) }
    return silence <= Self.freshness ? .stands : .unknown(.stale(silence))
  }

  private func podProblem(_ token: ServiceAccountToken, _ now: Date) -> BoundObjectProblem? {
    guard let bound = token.pod else { return nil }
    if podIsGone { return .podGone(bound.name) }
    guard let pod, pod.uid == bound.uid else { return nil }
    if Self.isOver(pod.deletedAt, now) { return .podGone(bound.name) }
    if pod.hasEnded { return .podEnded(bound.name) }
    if pod.serviceAccount != token.identity.serviceAccount { return .podOfOtherServiceAccount(bound.name) }
    if let node = token.nodeName, let own = pod.node, node != own { return .podOnOtherNode(bound.name) }
    return nil
  }

  private func matching(_ account: BoundServiceAccount?, _ token: ServiceAccountToken) -> BoundServiceAccount? {
    account?.uid == token.serviceAccountUID ? account : nil
  }

  static func isOver(_ end: Date?, _ now: Date) -> Bool { end.map { now > $0 + leeway } ?? false }
}
