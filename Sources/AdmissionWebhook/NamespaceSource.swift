package import Injection
package import KubernetesObjects

/// Knows the namespaces that Pods are created in.
///
/// Which webhook was called, and for which Pod, tells what the API server knew of the namespace: a source that follows it
/// from afar sees by that whether it lags behind.
package protocol NamespaceSource: Sendable {
  /// What can be told without waiting.
  func cached(_ name: String, of pod: JSONView, calledBy selector: WebhookSelector) -> CachedNamespace
  /// Labels and annotations of a namespace, looked up where they have to be; nil when nothing is known about it.
  func namespace(_ name: String, of pod: JSONView, calledBy selector: WebhookSelector) async -> NamespaceMetadata?
}

/// What is known about a namespace without waiting.
package enum CachedNamespace: Sendable {
  case known(NamespaceMetadata)
  /// Looking it up would find no more.
  case absent
  /// It has to be looked up.
  case unknown
}

/// Namespaces that never change, as in standalone mode.
package struct StaticNamespaces: NamespaceSource {
  private let namespaces: [String: NamespaceMetadata]

  package init(_ namespaces: [NamespaceMetadata] = []) {
    self.namespaces = Dictionary(namespaces.map { ($0.name, $0) }) { _, last in last }
  }

  package func cached(_ name: String, of pod: JSONView, calledBy selector: WebhookSelector) -> CachedNamespace {
    namespaces[name].map { .known($0) } ?? .absent
  }

  package func namespace(
    _ name: String,
    of pod: JSONView,
    calledBy selector: WebhookSelector
  ) async -> NamespaceMetadata? {
    namespaces[name]
  }
}
