import KubernetesObjects

/// What the sidecar is told of the containers that it stands beside. Spelled the same whether the API server has filled
/// in its defaults or not; what does not fit into an environment variable is left out.
enum AppSummary {
  /// The value of `AMESH_POD_PORTS`: `[{"name": "http", "containerPort": 8080, "protocol": "TCP"}]`.
  static func ports(_ apps: [AppContainer]) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 256)
    writer.beginArray()
    for app in apps {
      for port in app.ports {
        let name = port.name ?? ""
        let transport = port.transport ?? "TCP"
        // More than a port takes: names have at most 15 characters, protocols 4.
        guard writer.count < EnvironmentValue.limit - 128, name.utf8.count <= 15, transport.utf8.count <= 4
        else { continue }
        writer.beginObject()
        if !name.isEmpty { writer.member("name", name) }
        writer.member("containerPort", Int(port.number))
        writer.member("protocol", transport)
        writer.endObject()
      }
    }
    writer.endArray()
    return EnvironmentValue.json(writer.bytes)
  }

  /// The value of `AMESH_APP_CONTAINERS`: names joined by commas.
  static func names(_ apps: [AppContainer]) -> String {
    var text = ""
    for app in apps {
      guard let name = app.view.string(of: "name"), text.utf8.count + name.utf8.count < EnvironmentValue.limit else {
        continue
      }
      if !text.isEmpty { text += "," }
      text += name
    }
    return text
  }
}
