import KubernetesObjects
import NIOConcurrencyHelpers

/// The labels of a Pod, in one place for all Pods that are alike: a reference is what each costs.
final class SharedLabels: Sendable, Hashable {
  let value: [String: String]

  init(_ value: [String: String]) { self.value = value }

  static func == (one: SharedLabels, other: SharedLabels) -> Bool { one === other || one.value == other.value }

  func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

/// Reads labels, of which thousands are alike.
final class LabelReader: Sendable {
  private static let maximumKinds = 4096
  private let known = NIOLockedValueBox<[[String: String]: SharedLabels]>([:])

  func labels(_ pod: JSONView) -> SharedLabels {
    var labels: [String: String] = [:]
    if let members = pod["metadata"]?["labels"]?.members {
      for (key, value) in members { if let key = key.string, let value = value.string { labels[key] = value } }
    }
    return known.withLockedValue { known in
      if let shared = known[labels] { return shared }
      // Anyone may label Pods: what was shared before stays with those who have it.
      if known.count >= Self.maximumKinds { known = [:] }
      let shared = SharedLabels(labels)
      known[labels] = shared
      return shared
    }
  }
}

/// What has become of the labels of a Pod with a sidecar.
package struct MeshedPodChange: Sendable, Equatable {
  package var namespace: String
  package var name: String
  /// Nil where the Pod is gone, or has its sidecar no more.
  package var labels: [String: String]?
}
