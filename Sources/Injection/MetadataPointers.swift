import KubernetesObjects

/// JSON Pointers to labels and annotations, those of ours escaped once.
enum MetadataPointers {
  static let labels = "/metadata/labels"
  static let annotations = "/metadata/annotations"

  static func annotation(_ name: String) -> String { pointer(annotations, name) }

  /// - Parameter parent: ``labels`` or ``annotations``.
  static func pointer(_ parent: String, _ name: String) -> String {
    ours[name] ?? escaped(parent, name)
  }

  private static func escaped(_ parent: String, _ name: String) -> String { "\(parent)/\(JSONPointer.escape(name))" }

  /// No label of ours has the name of an annotation of ours.
  private static let ours: [String: String] = {
    var pointers: [String: String] = [:]
    for name in [MeshNames.canonicalNameLabel, MeshNames.canonicalRevisionLabel] {
      pointers[name] = escaped(labels, name)
    }
    for name in [MeshNames.defaultContainerAnnotation, MeshNames.statusAnnotation] + Scraping.names {
      pointers[name] = escaped(annotations, name)
    }
    return pointers
  }()
}
