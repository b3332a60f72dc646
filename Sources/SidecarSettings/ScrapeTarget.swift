import KubernetesObjects

/// Metrics in the same Pod.
package struct ScrapeTarget: Sendable, Hashable {
  package var port: Int
  package var path: String

  /// The value of `AMESH_APP_METRICS`: `{"port": 8080, "path": "/metrics", "scheme": "http"}`.
  init(parsing text: String) throws(SettingProblem) {
    let root: JSONView
    do throws(JSONError) {
      root = try JSONDocument(parsing: Array(text.utf8.prefix(1 << 16)), maximumDepth: 4).root
    } catch {
      throw SettingProblem("\(error)")
    }
    guard let port = root.integer(of: "port"), (1...65535).contains(port) else { throw SettingProblem("has no port") }
    let scheme = root.string(of: "scheme") ?? "http"
    guard scheme == "http" else { throw SettingProblem("the scheme \(scheme.prefix(20)) is not supported, only http") }
    try self.init(port: port, path: root.string(of: "path") ?? "/metrics")
  }

  /// `http://127.0.0.1:9091/apisix/prometheus/metrics`, on loopback only.
  init(url: String) throws(SettingProblem) {
    guard let prefix = ["http://127.0.0.1:", "http://localhost:"].first(where: url.hasPrefix) else {
      throw SettingProblem("write http://127.0.0.1:PORT/PATH")
    }
    let rest = url.dropFirst(prefix.count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let path = String(rest[slash...])
    try self.init(port: SettingText.port(String(rest[..<slash])), path: path.isEmpty ? "/" : path)
  }

  private init(port: Int, path: String) throws(SettingProblem) {
    guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw SettingProblem("the path \"\(path.prefix(100))\" is not valid")
    }
    self.port = port
    self.path = path
  }
}
