import KubernetesObjects

/// A handler that goes over the network to the Pod itself; `exec`, `sleep` and calls to another host are none.
struct AppProbeHandler {
  static let kinds = ["httpGet", "tcpSocket", "grpc"]

  let kind: String
  let view: JSONView
  /// The number of the port; nil if there is none to be found.
  let port: Int?

  /// - Parameter owner: the probe or lifecycle hook.
  init?(_ owner: JSONView, container: JSONView) {
    let handlers = Self.kinds.lazy.compactMap { kind in owner[kind].map { (kind, $0) } }
    guard let (kind, view) = handlers.first(where: { $1.kind == .object }) else { return nil }
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

  /// The value in `AMESH_APP_PROBES`.
  func original(in owner: JSONView, port: Int) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: view.source.count + 64)
    writer.object { writer in
      writer.member("port", port)
      if let timeout = owner["timeoutSeconds"]?.integer { writer.member("timeoutSeconds", timeout) }
      if hasNullBeside(owner) {
        writer.key("httpGet")
        writer.null()
      }
      writer.member(kind, view)
    }
    return writer.bytes
  }

  /// Whether the probe spells out that it has no `httpGet`.
  private func hasNullBeside(_ owner: JSONView) -> Bool { kind != "httpGet" && owner["httpGet"] != nil }

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
        } else if !key.equals("httpGet") {
          writer.key(key)
          writer.view(value)
        }
      }
    }
    return writer.bytes
  }

  /// The probe with the application's handler, as an earlier pass has recorded it, in the place of the sidecar's.
  static func restored(_ original: JSONView, in owner: JSONView) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: owner.source.count + original.source.count)
    writer.object { writer in
      for (key, value) in owner.members {
        guard let key = key.string else { continue }
        guard key == "httpGet" else {
          writer.member(key, value)
          continue
        }
        for kind in kinds {
          if let handler = original[kind] { writer.member(kind, handler) }
        }
      }
    }
    return writer.bytes
  }
}
