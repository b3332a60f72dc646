package import KubernetesObjects

/// The annotation that tells people and `amesh uninject` what was done to a Pod. The injector itself takes from it only
/// what can't be worked out again (what stood where something was replaced), and only where the Pod bears it out.
package struct InjectionStatus: Equatable, Sendable {
  package var version = ""
  package var revision = ""
  package var configHash = ""
  package var initContainers: [String] = []
  package var containers: [String] = []
  package var volumes: [String] = []
  package var imagePullSecrets: [String] = []
  package var labels: [String] = []
  package var annotations: [String] = []
  /// JSON Pointers of maps and lists that the Pod did not have at all.
  package var created: [String] = []
  /// What stood at a JSON Pointer before: null for a list that was null, a string for an annotation.
  package var restore: [Restored] = []

  package struct Restored: Equatable, Sendable {
    package var pointer: String
    package var value: JSONValue
  }

  package init() {}

  /// Nil if the text is not a status.
  package init?(annotation: String) {
    guard let document = try? JSONDocument(parsing: Array(annotation.utf8)), document.root.kind == .object else {
      return nil
    }
    let root = document.root
    func strings(_ key: String) -> [String] { root[key]?.elements.compactMap(\.string) ?? [] }
    version = root.string(of: "version") ?? ""
    revision = root.string(of: "revision") ?? ""
    configHash = root.string(of: "configHash") ?? ""
    initContainers = strings("initContainers")
    containers = strings("containers")
    volumes = strings("volumes")
    imagePullSecrets = strings("imagePullSecrets")
    labels = strings("labels")
    annotations = strings("annotations")
    created = strings("created")
    for (key, value) in root["restore"]?.members.map({ $0 }) ?? [] {
      if let key = key.string { restore.append(Restored(pointer: key, value: value.value)) }
    }
  }

  package var annotation: String {
    var writer = JSONWriter(reservingCapacity: 768)
    writer.object { writer in
      writer.member("version", version)
      writer.member("revision", revision)
      writer.member("configHash", configHash)
      writer.names("initContainers", initContainers)
      writer.names("containers", containers)
      writer.names("volumes", volumes)
      writer.names("imagePullSecrets", imagePullSecrets)
      writer.names("labels", labels)
      writer.names("annotations", annotations)
      writer.names("created", created)
      guard !restore.isEmpty else { return }
      writer.object("restore") { writer in
        for restored in restore {
          writer.key(restored.pointer)
          writer.value(restored.value)
        }
      }
    }
    return writer.text
  }
}

extension JSONWriter {
  fileprivate mutating func names(_ key: String, _ names: [String]) {
    guard !names.isEmpty else { return }
    self.key(key)
    beginArray()
    for name in names { string(name) }
    endArray()
  }
}
