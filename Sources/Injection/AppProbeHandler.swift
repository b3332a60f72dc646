import KubernetesObjects

/// A handler that goes over the network to the Pod itself; `exec`, `sleep` and calls to another host are none.
struct AppProbeHandler {
  static let kinds = ["httpGet", "tcpSocket", "grpc"]

  let kind: String
  let view: JSONView
  /// The number of the port; nil if there is none to be found.
  let port: Int?

  /// - Parameter owner: the probe or lifecycle hook.
  init?(_ owner: JSONView, container: AppContainer) {
    var found: (kind: String, view: JSONView)?
    for kind in Self.kinds {
      guard let view = owner[kind], view.kind == .object else { continue }
      found = (kind, view)
      break
    }
    guard let (kind, view) = found else { return nil }
    if let host = view.string(of: "host"), !host.isEmpty { return nil }
    self.kind = kind
    self.view = view
    self.port = Self.resolve(view["port"], in: container)
  }

  private static func resolve(_ port: JSONView?, in container: AppContainer) -> Int? {
    guard let port else { return nil }
    if let number = port.integer { return (1...65535).contains(number) ? number : nil }
    guard let name = port.string else { return nil }
    // A port in quotes is a number to the kubelet.
    if let number: UInt16 = AnnotationValue.decimal(name), number > 0 { return Int(number) }
    return container.ports.first { $0.name?.utf8.elementsEqual(name.utf8) == true }.map { Int($0.number) }
  }

  /// The value in `AMESH_APP_PROBES`.
  func original(in owner: JSONView, port: Int) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: view.source.count + 64)
    writer.object { writer in
      writer.member("port", port)
      if let timeout = owner.integer(of: "timeoutSeconds") { writer.member("timeoutSeconds", timeout) }
      if hasNullBeside(owner) {
        writer.key("httpGet")
        writer.null()
      }
      writer.member(kind, view)
    }
    return writer.bytes
  }

  /// Whether the probe spells out that it has no `httpGet`.
  private func hasNullBeside(_ owner: JSONView) -> Bool { kind != "httpGet" && owner.has("httpGet") }

  /// The probe as it was, with the sidecar's handler in the place of the application's.
  func writeReplaced(in owner: JSONView, path: String, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.members(of: owner, replacing: kind, without: "httpGet") { writer in
      writer.key("httpGet")
      writer.beginning(#"{"path":"#)
      writer.string(path)
      writer.rest(Self.atSidecar)
    }
    writer.endObject()
  }

  /// What follows the path in the sidecar's handler.
  private static let atSidecar = Array(#","port":\#(MeshPorts.health),"scheme":"HTTP"}"#.utf8)

  /// The probe with the application's handler, as an earlier pass has recorded it, in the place of the sidecar's.
  static func writeRestored(_ original: JSONView, in owner: JSONView, to writer: inout JSONWriter) {
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
  }
}
