package import CoreMetrics
import NIOConcurrencyHelpers

/// The metrics of how callers are judged by what the cluster says; handles are made once each, no identity is in a label.
package final class ClusterIdentityMetrics: Sendable {
  enum KeysRefresh: String, Sendable, CaseIterable { case changed, unchanged, failed, throttled }

  /// By whom a genuine token's caller was let in.
  enum Judge: String, Sendable, CaseIterable {
    /// By what the informers have heard.
    case informers
    /// By the API server.
    case review
    /// By what was heard last, while the API server is away.
    case memory
  }

  enum Review: String, Sendable, CaseIterable { case authenticated, refused, cached, throttled, failed }

  enum NamespaceRead: String, Sendable, CaseIterable { case found, absent, failed }

  private let refreshes: [KeysRefresh: Counter]
  private let judgements: [Judge: Counter]
  private let reviews: [Review: Counter]
  private let namespaceReads: [NamespaceRead: Counter]
  private let ended: Counter

  package init(factory: any MetricsFactory = MetricsSystem.factory) {
    refreshes = Self.counters("amesh_token_keys_refreshes_total", "outcome", factory)
    judgements = Self.counters("amesh_token_judgements_total", "by", factory)
    reviews = Self.counters("amesh_token_reviews_total", "outcome", factory)
    namespaceReads = Self.counters("amesh_namespace_reads_total", "outcome", factory)
    ended = Counter(label: "amesh_token_objects_ended_total", dimensions: [], factory: factory)
  }

  func refreshedKeys(_ outcome: KeysRefresh) { refreshes[outcome]?.increment() }
  func judged(by judge: Judge) { judgements[judge]?.increment() }
  func reviewed(_ outcome: Review) { reviews[outcome]?.increment() }
  func readNamespace(_ outcome: NamespaceRead) { namespaceReads[outcome]?.increment() }
  func objectsEnded(_ count: Int) { ended.increment(by: count) }

  private static func counters<Value: CaseIterable & Hashable & RawRepresentable<String>>(
    _ label: String,
    _ dimension: String,
    _ factory: any MetricsFactory
  ) -> [Value: Counter] {
    Dictionary(
      uniqueKeysWithValues: Value.allCases.map { value in
        (value, Counter(label: label, dimensions: [(dimension, value.rawValue)], factory: factory))
      }
    )
  }
}
