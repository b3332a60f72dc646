/// What the labels of a Pod and of its namespace ask for: the rows of the truth table that they decide alone.
struct LabelWish: Sendable, Hashable {
  enum Injection: Sendable { case enabled, disabled }

  /// The Pod's own label; nil where it says neither.
  var pod: Bool?
  var podRevision: String?
  var namespace: Injection?
  var namespaceRevision: String?

  init(namespace: Injection?, namespaceRevision: String?) {
    self.namespace = namespace
    self.namespaceRevision = namespaceRevision
  }

  /// What that is to the control plane of a revision.
  func reason(for revision: String) -> InjectionReason {
    let asker: InjectionReason
    switch pod {
    case true?: asker = .podEnabled
    case false?: return .podDisabled
    case nil:
      switch (namespace, namespaceRevision, podRevision) {
      case (.disabled, _, _): return .namespaceDisabled
      case (_, .some, _), (_, _, .some): asker = .revision
      case (.enabled, _, _): asker = .namespaceEnabled
      default: return .notEnabled
      }
    }
    return (podRevision ?? namespaceRevision ?? "default") == revision ? asker : .otherRevision
  }
}
