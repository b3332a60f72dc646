import CertificateAuthority

/// Since when which namespace's ConfigMap has held which root, by the time that passed here. A value.
///
/// A ConfigMap takes a while to reach the files of Pods, which is waited for too. Where a namespace is new and has no
/// ConfigMap yet, no Pod has ever had an older one.
struct BundleSpread: Sendable {
  /// A kubelet looks once a minute, into a cache that may be as old again.
  static let kubeletLag = Duration.seconds(150)

  private struct Content: Sendable {
    var since: [AuthorityID: Duration]
  }

  /// Whether a namespace is new.
  private var namespaces: [String: Bool] = [:]
  private var contents: [String: Content] = [:]

  mutating func appeared(_ namespace: String, isNew: Bool) {
    if namespaces[namespace] == nil { namespaces[namespace] = isNew }
  }

  mutating func left(_ namespace: String) {
    namespaces[namespace] = nil
    contents[namespace] = nil
  }

  /// - Parameters:
  ///   - roots: what the namespace's ConfigMap holds now; nil when there is none any more.
  ///   - isNew: the ConfigMap was not there before.
  mutating func holds(_ namespace: String, _ roots: Set<AuthorityID>?, isNew: Bool, at now: Duration) {
    let before = contents[namespace]
    // Where we have not seen the beginning, someone may have had and lost another one.
    let isFirst = before == nil && isNew && namespaces[namespace] == true
    let fresh = isFirst ? now - Self.kubeletLag : now
    var since: [AuthorityID: Duration] = [:]
    for root in roots ?? [] { since[root] = before?.since[root] ?? fresh }
    contents[namespace] = Content(since: since)
  }

  /// How far a root has come.
  struct Reach: Sendable, Equatable {
    /// The namespaces whose ConfigMap is without it.
    var without: [String] = []
    /// Whether everyone else has read it by now.
    var isRead = true
  }

  /// - Parameter counts: whether a namespace is looked at.
  func reach(of root: AuthorityID, at now: Duration, counting counts: (String) -> Bool) -> Reach {
    var reach = Reach()
    for (namespace, isNew) in namespaces where counts(namespace) {
      guard let content = contents[namespace] else {
        if !isNew { reach.without.append(namespace) }
        continue
      }
      guard let since = content.since[root] else {
        reach.without.append(namespace)
        continue
      }
      if since + Self.kubeletLag > now { reach.isRead = false }
    }
    reach.without.sort()
    return reach
  }
}
