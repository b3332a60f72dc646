import KubernetesObjects

/// The parts of a Pod that injection looks at, found once. What is absent, null or of another kind is nil here;
/// ``validate()`` tells the difference, once it is decided that the Pod concerns us. A class, since to hand on eight
/// references one by one takes longer than to make it.
final class PodView: Sendable {
  let root: JSONView
  let metadata: JSONView?
  let labels: JSONView?
  let annotations: JSONView?
  let spec: JSONView?
  let containers: [JSONView]
  let initContainers: [JSONView]

  init(_ pod: JSONView) {
    root = pod
    metadata = Self.member(pod, "metadata", .object)
    labels = metadata.flatMap { Self.member($0, "labels", .object) }
    annotations = metadata.flatMap { Self.member($0, "annotations", .object) }
    spec = Self.member(pod, "spec", .object)
    containers = Self.elements(spec, "containers")
    initContainers = Self.elements(spec, "initContainers")
  }

  func label(_ name: String) -> String? { labels?[name]?.string }
  func annotation(_ name: String) -> String? { annotations?[name]?.string }

  /// For messages: the Pod's name, or the prefix that the API server will make one from.
  var displayName: String {
    if let name = metadata?["name"]?.string, !name.isEmpty { return name }
    return metadata?["generateName"]?.string.map { $0 + "…" } ?? "(no name)"
  }

  func validate() throws(Denial) {
    guard root.kind == .object else { throw Self.malformed("the Pod is not an object") }
    guard let spec else { throw Self.malformed("spec is missing or not an object") }
    try Self.check(root["metadata"], .object, "metadata")
    try Self.check(metadata?["labels"], .object, "metadata.labels")
    try Self.check(metadata?["annotations"], .object, "metadata.annotations")
    if let annotations, !annotations.hasOnly(.string, .null) {
      for (key, value) in annotations.members where value.kind != .string && !value.isNull {
        throw Self.malformed(
          "annotation \(quoted(key.string ?? "", limit: 80)) is \(Self.name(value.kind)), not a string"
        )
      }
    }
    for key in ["containers", "initContainers", "volumes", "imagePullSecrets"] {
      guard let list = spec[key], !list.isNull else { continue }
      try Self.check(list, .array, "spec.\(key)")
      for element in list.elements {
        guard element.kind == .object, key == "imagePullSecrets" || element.kind(of: "name") == .string else {
          throw Self.malformed("an element of spec.\(key) is not an object with a name")
        }
      }
    }
  }

  static func malformed(_ what: String) -> Denial {
    Denial(reason: .malformedPod, message: "\(what); send a Pod as the Kubernetes API describes it")
  }

  private static func check(
    _ view: JSONView?,
    _ kind: JSONView.Kind,
    _ path: @autoclosure () -> String
  ) throws(Denial) {
    guard let view, !view.isNull, view.kind != kind else { return }
    throw malformed("\(path()) is \(name(view.kind)), not \(name(kind))")
  }

  private static func name(_ kind: JSONView.Kind) -> String {
    switch kind {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  private static func member(_ parent: JSONView, _ key: String, _ kind: JSONView.Kind) -> JSONView? {
    guard let view = parent[key], view.kind == kind else { return nil }
    return view
  }

  private static func elements(_ spec: JSONView?, _ key: String) -> [JSONView] {
    guard let list = spec.flatMap({ member($0, key, .array) }) else { return [] }
    return Array(list.elements)
  }
}
