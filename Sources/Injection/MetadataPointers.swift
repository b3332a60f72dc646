import KubernetesObjects

/// JSON Pointers to the maps of a Pod's metadata.
enum MetadataPointers {
  static let labels = "/metadata/labels"
  static let annotations = "/metadata/annotations"
}

/// A label or annotation of ours, its JSON Pointer escaped once.
final class MetadataKey: Sendable {
  let name: String
  let pointer: String

  convenience init(label name: String) { self.init(name, in: MetadataPointers.labels) }

  convenience init(annotation name: String) { self.init(name, in: MetadataPointers.annotations) }

  private init(_ name: String, in parent: String) {
    self.name = name
    pointer = "\(parent)/\(JSONPointer.escape(name))"
  }

  static let canonicalName = MetadataKey(label: MeshNames.canonicalNameLabel)
  static let canonicalRevision = MetadataKey(label: MeshNames.canonicalRevisionLabel)
  static let defaultContainer = MetadataKey(annotation: MeshNames.defaultContainerAnnotation)
  static let status = MetadataKey(annotation: MeshNames.statusAnnotation)
}
