import KubernetesObjects

/// The kubelet's calls into application containers, sent through the sidecar's port 15021: the kubelet has no
/// certificate of the mesh, so its direct calls would end at a captured port.
///
/// The originals go into the sidecar's environment (`AMESH_APP_PROBES`), an object from the rewritten path to
/// `{"port": 8080, "timeoutSeconds": 1, "httpGet": {…as it was…}}`, where `port` is the number behind a named port.
/// A handler of another kind may have `"httpGet": null` beside it, where the probe had that.
struct AppProbes {
  static let variable = "AMESH_APP_PROBES"

  /// One container, and what is to become of its handlers.
  struct Subject {
    var container: AppContainer
    /// JSON Pointer to the list that the container stands in.
    var list: String
    /// False gives the application's handlers back where an earlier pass has rewritten them.
    var rewrite: Bool
    /// Whether the sidecar is ready before the container starts.
    var waits: Bool
  }

  /// What an earlier pass left in `AMESH_APP_PROBES`.
  private let recorded: [String: JSONView]
  /// Rewritten paths with the values that go into `AMESH_APP_PROBES`.
  private var entries: [(path: String, original: [UInt8])] = []
  /// The same paths, from the number on where a set is faster than a look at them all.
  private var paths: Set<String> = []
  /// Bytes of ``environment``.
  private var size = 2

  init(recorded: JSONView?) {
    var originals: [String: JSONView] = [:]
    if let recorded {
      for (key, value) in recorded.members {
        if value.kind == .object, let key = key.string { originals[key] = value }
      }
    }
    self.recorded = originals
  }

  /// The value of `AMESH_APP_PROBES`; empty when there is nothing in it.
  var environment: [UInt8] {
    guard !entries.isEmpty else { return [] }
    var writer = JSONWriter(reservingCapacity: size + 64)
    writer.beginObject()
    for entry in entries { writer.member(entry.path, raw: entry.original) }
    writer.endObject()
    return EnvironmentValue.json(writer.bytes)
  }

  /// - Parameter patch: gets a replacement for each probe or lifecycle hook that changes.
  mutating func visit(
    _ subject: Subject,
    patch: inout PatchWriter,
    warnings: inout [String]
  ) throws(Denial) {
    let container = subject.container.view
    guard let name = container.string(of: "name") else { return }
    let lifecycle = container["lifecycle"]
    for slot in Slot.allCases {
      guard let owner = slot.isLifecycle ? lifecycle?[slot.rawValue] : container[slot.rawValue], owner.kind == .object
      else { continue }
      let path = slot.path(container: name)
      // A postStart hook that comes before the sidecar is ready would fail, and its container with it.
      let rewrite = subject.rewrite && (subject.waits || slot != .postStart)
      if let handler = owner["httpGet"], handler.has("path", path),
        handler.integer(of: "port") == MeshPorts.health
      {
        guard let original = recorded[path] else { throw Self.lost(name, slot) }
        if rewrite {
          let original = Array(original.source)
          try record(path, original, name, cost: Self.cost(path, original))
        } else {
          patch.replace(subject.pointer(slot)) { AppProbeHandler.writeRestored(original, in: owner, to: &$0) }
        }
        continue
      }
      guard rewrite, let handler = AppProbeHandler(owner, container: subject.container) else { continue }
      func warn(_ what: String) {
        warnings.append("container \(quoted(name, limit: 30)): \(slot.rawValue) \(what)")
      }
      guard let port = handler.port else {
        warn("names a port that the container lacks: it is left alone")
        continue
      }
      let original = handler.original(in: owner, port: port)
      let cost = Self.cost(path, original)
      guard size + cost <= EnvironmentValue.limit else {
        warn("is left alone: the sidecar's environment has no room for it")
        continue
      }
      try record(path, original, name, cost: cost)
      patch.replace(subject.pointer(slot)) { handler.writeReplaced(in: owner, path: path, to: &$0) }
    }
  }

  private mutating func record(
    _ path: String,
    _ original: [UInt8],
    _ container: String,
    cost: Int
  ) throws(Denial) {
    guard !isRecorded(path) else {
      throw PodView.malformed("two containers are named \(quoted(container, limit: 63))")
    }
    size += cost
    guard size <= EnvironmentValue.limit else {
      throw PodView.malformed("what the sidecar that is there has in \(Self.variable) is too long")
    }
    if entries.isEmpty { entries.reserveCapacity(4) }
    entries.append((path, original))
  }

  private mutating func isRecorded(_ path: String) -> Bool {
    if entries.count < 16 { return entries.contains { $0.path == path } }
    if paths.isEmpty { paths = Set(entries.map(\.path)) }
    return !paths.insert(path).inserted
  }

  private static func cost(_ path: String, _ original: [UInt8]) -> Int {
    path.utf8.count + EnvironmentValue.size(json: original) + 4
  }

  private static func lost(_ container: String, _ slot: Slot) -> Denial {
    Denial(
      reason: .lostProbe,
      message: """
        container \(quoted(container, limit: 63)): \(slot.rawValue) points at the sidecar, but its own handler is not \
        recorded; put the application's own handler back
        """
    )
  }
}

extension AppProbes.Subject {
  func pointer(_ slot: AppProbes.Slot) -> String { "\(list)/\(container.index)/\(slot.pointer)" }
}

extension AppProbes {
  /// Where the kubelet calls a container.
  enum Slot: String, CaseIterable {
    case livenessProbe, readinessProbe, startupProbe, postStart, preStop

    var isLifecycle: Bool { self == .postStart || self == .preStop }

    /// JSON Pointer below the container, without its first slash.
    var pointer: String {
      switch self {
      case .postStart: "lifecycle/postStart"
      case .preStop: "lifecycle/preStop"
      default: rawValue
      }
    }

    func path(container: String) -> String {
      switch self {
      case .livenessProbe: String("/app-health/", container, "/livez")
      case .readinessProbe: String("/app-health/", container, "/readyz")
      case .startupProbe: String("/app-health/", container, "/startupz")
      case .postStart: String("/app-lifecycle/", container, "/poststart")
      case .preStop: String("/app-lifecycle/", container, "/prestop")
      }
    }
  }
}

extension String {
  /// The three in a row, in storage that is large enough from the start; an interpolation would make it grow.
  fileprivate init(_ first: String, _ second: String, _ third: String) {
    self = first
    reserveCapacity(first.utf8.count + second.utf8.count + third.utf8.count)
    self += second
    self += third
  }
}
