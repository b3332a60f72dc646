import KubernetesObjects

/// JSON Pointers to labels and annotations, those of ours escaped once.
enum MetadataPointers {
  static let labels = "/metadata/labels"
  static let annotations = "/metadata/annotations"

  static func annotation(_ name: String) -> String { pointer(annotations, name) }

  /// - Parameter parent: ``labels`` or ``annotations``.
  static func pointer(_ parent: String, _ name: String) -> String {
    ours.first { $0.name == name }?.pointer ?? escaped(parent, name)
  }

  private static func escaped(_ parent: String, _ name: String) -> String { "\(parent)/\(JSONPointer.escape(name))" }

  /// No label of ours has the name of an annotation of ours. Few enough that hashing would take longer than looking.
  private static let ours: [(name: String, pointer: String)] =
    MeshNames.labels.map { ($0, escaped(labels, $0)) }
    + ([MeshNames.statusAnnotation] + MeshNames.annotations).map { ($0, escaped(annotations, $0)) }
}
