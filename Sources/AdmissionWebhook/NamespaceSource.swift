package import Injection

/// Knows the namespaces that Pods are created in.
package protocol NamespaceSource: Sendable {
  /// Labels and annotations of a namespace; nil while nothing is known about it.
  func namespace(_ name: String) async -> NamespaceMetadata?
}

/// Namespaces that never change, as in standalone mode.
package struct StaticNamespaces: NamespaceSource {
  private let namespaces: [String: NamespaceMetadata]

  package init(_ namespaces: [NamespaceMetadata] = []) {
    self.namespaces = Dictionary(namespaces.map { ($0.name, $0) }) { _, last in last }
  }

  package func namespace(_ name: String) async -> NamespaceMetadata? {
    namespaces[name]
  }
}
