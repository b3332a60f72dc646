import KubernetesObjects

/// A probe or hook of an application container that the kubelet sends to the sidecar, as injection recorded it.
package struct AppProbe: Sendable, Hashable {
  package enum Action: Sendable, Hashable {
    case http(HTTPProbe)
    case tcp
    case grpc(service: String)
  }

  package struct HTTPProbe: Sendable, Hashable {
    package var isSecure: Bool
    package var path: String
    package var headers: [Header]

    package init(isSecure: Bool, path: String, headers: [Header]) {
      self.isSecure = isSecure
      self.path = path
      self.headers = headers
    }
  }

  package struct Header: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package var port: Int
  package var timeout: Duration
  package var action: Action

  /// The value of `AMESH_APP_PROBES`: path → probe.
  static func parse(_ text: String) throws(SettingProblem) -> [String: AppProbe] {
    guard text.utf8.count <= 1 << 20 else { throw SettingProblem("more than a megabyte") }
    let root: JSONView
    do throws(JSONError) {
      root = try JSONDocument(parsing: Array(text.utf8), maximumDepth: 16).root
    } catch {
      throw SettingProblem("\(error)")
    }
    guard root.kind == .object else { throw SettingProblem("must be an object of paths") }
    var probes: [String: AppProbe] = [:]
    for (key, view) in root.members {
      guard let path = key.string else { continue }
      guard path.hasPrefix("/"), let probe = AppProbe(view) else {
        throw SettingProblem("the entry \"\(path.prefix(200))\" is no probe")
      }
      probes[path] = probe
    }
    return probes
  }

  private init?(_ view: JSONView) {
    guard let port = view.integer(of: "port"), (1...65535).contains(port) else { return nil }
    self.port = port
    // The kubelet's default and more than it ever waits.
    timeout = .seconds(min(max(view.integer(of: "timeoutSeconds") ?? 1, 1), 3600))
    if let http = view["httpGet"], http.kind == .object {
      guard let probe = HTTPProbe(http) else { return nil }
      action = .http(probe)
    } else if let grpc = view["grpc"], grpc.kind == .object {
      action = .grpc(service: grpc.string(of: "service") ?? "")
    } else if view["tcpSocket"]?.kind == .object {
      action = .tcp
    } else {
      return nil
    }
  }
}

extension AppProbe.HTTPProbe {
  fileprivate init?(_ view: JSONView) {
    isSecure = view.string(of: "scheme")?.uppercased() == "HTTPS"
    let path = view.string(of: "path") ?? "/"
    self.path = path.hasPrefix("/") ? path : "/" + path
    headers = []
    for header in (view["httpHeaders"]?.elements).map(Array.init) ?? [] {
      guard let name = header.string(of: "name"), let value = header.string(of: "value") else { return nil }
      headers.append(AppProbe.Header(name: name, value: value))
    }
    // What goes into a request line or a header must not end it.
    let texts = [self.path] + headers.flatMap { [$0.name, $0.value] }
    guard texts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }), !self.path.contains(" ") else {
      return nil
    }
  }
}
