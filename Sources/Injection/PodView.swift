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

  func label(_ name: String) -> String? { labels?.string(of: name) }
  func annotation(_ name: String) -> String? { annotations?.string(of: name) }

  /// For messages: the Pod's name, or the prefix that the API server will make one from.
  var displayName: String {
    if let name = metadata?.string(of: "name"), !name.isEmpty { return name }
    return metadata?.string(of: "generateName").map { $0 + "…" } ?? "(no name)"
  }

  func validate() throws(Denial) {
    guard root.kind == .object else { throw Self.malformed("the Pod is not an object") }
    guard let spec else { throw Self.malformed("spec is missing or not an object") }
    try Self.check(root.kind(of: "metadata"), .object, "metadata")
    try Self.check(metadata?.kind(of: "labels"), .object, "metadata.labels")
    try Self.check(metadata?.kind(of: "annotations"), .object, "metadata.annotations")
    if let annotations, !annotations.hasOnly(.string, .null) {
      for (key, value) in annotations.members where value.kind != .string && !value.isNull {
        throw Self.malformed(
          "annotation \(quoted(key.string ?? "", limit: 80)) is \(Self.name(value.kind)), not a string"
        )
      }
    }
    for (key, hasNames) in Self.lists {
      guard let list = spec[key], !list.isNull else { continue }
      try Self.check(list.kind, .array, "spec.\(key)")
      for element in list.elements {
        guard element.kind == .object, !hasNames || element.kind(of: "name") == .string else {
          throw Self.malformed("an element of spec.\(key) is not an object with a name")
        }
      }
    }
  }

  /// The lists of a Pod's spec, and whether each element has a name.
  private static let lists: [(key: StaticString, hasNames: Bool)] = [
    ("containers", true), ("initContainers", true), ("volumes", true), ("imagePullSecrets", false),
  ]

  static func malformed(_ what: String) -> Denial {
    Denial(reason: .malformedPod, message: "\(what); send a Pod as the Kubernetes API describes it")
  }

  private static func check(
    _ found: JSONView.Kind?,
    _ kind: JSONView.Kind,
    _ path: @autoclosure () -> String
  ) throws(Denial) {
    guard let found, found != .null, found != kind else { return }
    throw malformed("\(path()) is \(name(found)), not \(name(kind))")
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

  private static func member(_ parent: JSONView, _ key: StaticString, _ kind: JSONView.Kind) -> JSONView? {
    guard let view = parent[key], view.kind == kind else { return nil }
    return view
  }

  private static func elements(_ spec: JSONView?, _ key: StaticString) -> [JSONView] {
    guard let list = spec.flatMap({ member($0, key, .array) }) else { return [] }
    return Array(list.elements)
  }
}
