import KubernetesObjects

/// The kubelet's calls into application containers, sent through the sidecar's port 15021: the kubelet has no
/// certificate of the mesh, so its direct calls would end at a captured port.
///
/// The originals go into the sidecar's environment (`AMESH_APP_PROBES`), an object from the rewritten path to
/// `{"port": 8080, "timeoutSeconds": 1, "httpGet": {…as it was…}}`, where `port` is the number behind a named port.
struct AppProbes {
  /// One handler that is, or is about to be, the sidecar's.
  struct Entry {
    var path: String
    /// The value in `AMESH_APP_PROBES`, serialised.
    var original: [UInt8]
  }

  /// A probe or lifecycle hook to be replaced.
  struct Replacement {
    /// JSON Pointer below the Pod.
    var pointer: String
    var value: [UInt8]
  }

  private(set) var entries: [Entry] = []
  private(set) var replacements: [Replacement] = []

  /// The value of `AMESH_APP_PROBES`; empty when there is nothing in it.
  var environment: String {
    guard !entries.isEmpty else { return "" }
    var writer = JSONWriter(reservingCapacity: entries.reduce(2) { $0 + $1.path.utf8.count + $1.original.count + 6 })
    writer.object { writer in
      for entry in entries {
        writer.key(entry.path)
        writer.raw(entry.original)
      }
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// - Parameters:
  ///   - list: `containers` or `initContainers`, the name of the list that `container` stands in at `index`.
  ///   - recorded: what an earlier pass left in `AMESH_APP_PROBES`.
  ///   - rewrite: false leaves handlers alone that an earlier pass has not rewritten.
  mutating func visit(
    _ container: JSONView,
    list: String,
    index: Int,
    recorded: JSONView?,
    rewrite: Bool,
    warnings: inout [String]
  ) throws(Denial) {
    guard let name = container["name"]?.string else { return }
    for slot in Slot.allCases {
      guard let owner = slot.owner(in: container), owner.kind == .object else { continue }
      let path = slot.path(container: name)
      if let handler = owner["httpGet"], handler["path"]?.equals(path) == true,
        handler["port"]?.integer == MeshPorts.health
      {
        guard let original = recorded?[path], original.kind == .object else {
          throw Denial(
            reason: .lostProbe,
            message: """
              container \(quoted(name, limit: 63)): \(slot.rawValue) points at the sidecar, but its own handler is not \
              recorded; put the application's own handler back
              """
          )
        }
        entries.append(Entry(path: path, original: Array(original.source)))
        continue
      }
      guard rewrite, let handler = Handler(owner, container: container) else { continue }
      guard let port = handler.port else {
        warnings.append("container \(quoted(name, limit: 30)): \(slot.rawValue) names a port that it does not declare")
        continue
      }
      entries.append(Entry(path: path, original: handler.original(port: port, timeout: owner["timeoutSeconds"])))
      replacements.append(
        Replacement(
          pointer: "/spec/\(list)/\(index)/\(slot.pointer)",
          value: handler.replaced(in: owner, path: path)
        )
      )
    }
  }
}

extension AppProbes {
  /// Where the kubelet calls a container.
  enum Slot: String, CaseIterable {
    case livenessProbe, readinessProbe, startupProbe, postStart, preStop

    var isLifecycle: Bool { self == .postStart || self == .preStop }

    var pointer: String { isLifecycle ? "lifecycle/\(rawValue)" : rawValue }

    func owner(in container: JSONView) -> JSONView? {
      isLifecycle ? container["lifecycle"]?[rawValue] : container[rawValue]
    }

    func path(container: String) -> String {
      switch self {
      case .livenessProbe: "/app-health/\(container)/livez"
      case .readinessProbe: "/app-health/\(container)/readyz"
      case .startupProbe: "/app-health/\(container)/startupz"
      case .postStart: "/app-lifecycle/\(container)/poststart"
      case .preStop: "/app-lifecycle/\(container)/prestop"
      }
    }
  }

  /// A handler that goes over the network to the Pod itself; `exec`, `sleep` and calls to another host are none.
  private struct Handler {
    let kind: String
    let view: JSONView
    let port: Int?

    init?(_ owner: JSONView, container: JSONView) {
      guard
        let kind = ["httpGet", "tcpSocket", "grpc"].first(where: { owner[$0]?.kind == .object }),
        let view = owner[kind]
      else { return nil }
      if let host = view["host"]?.string, !host.isEmpty { return nil }
      self.kind = kind
      self.view = view
      self.port = Self.resolve(view["port"], in: container)
    }

    private static func resolve(_ port: JSONView?, in container: JSONView) -> Int? {
      guard let port else { return nil }
      if let number = port.integer { return (1...65535).contains(number) ? number : nil }
      guard let name = port.string else { return nil }
      // A port in quotes is a number to the kubelet.
      if let number: UInt16 = AnnotationValue.decimal(name), number > 0 { return Int(number) }
      guard let ports = container["ports"] else { return nil }
      for declared in ports.elements where declared["name"]?.equals(name) == true {
        if let number = declared["containerPort"]?.integer, (1...65535).contains(number) { return number }
      }
      return nil
    }

    func original(port: Int, timeout: JSONView?) -> [UInt8] {
      var writer = JSONWriter(reservingCapacity: view.source.count + 64)
      writer.object { writer in
        writer.member("port", port)
        if let timeout = timeout?.integer { writer.member("timeoutSeconds", timeout) }
        writer.key(kind)
        writer.raw(view.source)
      }
      return writer.bytes
    }

    /// The probe as it was, with the sidecar's handler in the place of the application's.
    func replaced(in owner: JSONView, path: String) -> [UInt8] {
      var writer = JSONWriter(reservingCapacity: owner.source.count + 64)
      writer.object { writer in
        for (key, value) in owner.members {
          if key.equals(kind) {
            writer.object("httpGet") { writer in
              writer.member("path", path)
              writer.member("port", MeshPorts.health)
              writer.member("scheme", "HTTP")
            }
          } else if let key = key.string {
            writer.key(key)
            writer.raw(value.source)
          }
        }
      }
      return writer.bytes
    }
  }
}
