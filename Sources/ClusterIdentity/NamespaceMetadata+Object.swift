import Injection
import KubernetesObjects

extension NamespaceMetadata {
  /// Characters of a label's or annotation's value that are kept: none that means something to us is longer.
  private static let longestValue = 4096
  private static let otherLabels: Set<String> = ["pod-security.kubernetes.io/enforce"]

  /// Of an object, what the engine reads: the mesh's own labels and annotations, and what Pod security says.
  init?(_ object: JSONView) {
    guard let metadata = object["metadata"], let name = metadata.string(of: "name"), !name.isEmpty else { return nil }
    self.init(
      name: name,
      labels: Self.strings(metadata["labels"]) { $0.hasPrefix(MeshNames.prefix) || Self.otherLabels.contains($0) },
      annotations: Self.strings(metadata["annotations"]) { $0.hasPrefix(MeshNames.prefix) }
    )
  }

  private static func strings(_ map: JSONView?, where isKept: (String) -> Bool) -> [String: String] {
    guard let map, map.kind == .object else { return [:] }
    var strings: [String: String] = [:]
    for (key, value) in map.members {
      guard let key = key.string, isKept(key), let value = value.string, value.utf8.count <= longestValue
      else { continue }
      strings[key] = value
    }
    return strings
  }
}
