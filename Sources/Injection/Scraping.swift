import KubernetesObjects

/// The `prometheus.io` annotations: the Pod is scraped at the sidecar, which also serves what the application had there.
struct Scraping {
  private static let port = "\(MeshPorts.metrics)"

  /// Annotations that the Pod is to carry.
  var wanted: [(name: String, value: String)] = []
  /// The value of `AMESH_APP_METRICS`: where the sidecar finds the application's own metrics.
  var appMetrics: String?

  /// - Parameter original: an annotation as the Pod's author wrote it.
  init(_ settings: MeshSettings.Prometheus, original: (String) -> String?) {
    guard settings.annotate else { return }
    switch original("prometheus.io/scrape") {
    case nil:
      wanted = [("prometheus.io/scrape", "true")] + Self.target
    case "true" where settings.merge:
      guard let port: UInt16 = original("prometheus.io/port").flatMap({ AnnotationValue.decimal($0) }), port > 0,
        port != MeshPorts.metrics
      else { return }
      let scheme = original("prometheus.io/scheme")
      let path = original("prometheus.io/path") ?? "/metrics"
      // The originals are kept in the status, which must not grow the annotations past their limit.
      guard path.utf8.count <= 1024, (scheme?.utf8.count ?? 0) <= 16 else { return }
      var writer = JSONWriter(reservingCapacity: 96)
      writer.object { writer in
        writer.member("port", Int(port))
        writer.member("path", path)
        writer.member("scheme", scheme ?? "http")
      }
      appMetrics = EnvironmentValue.json(writer.bytes)
      wanted = Self.target
      if let scheme, scheme != "http" { wanted.append(("prometheus.io/scheme", "http")) }
    default: return
    }
  }

  private static let target = [("prometheus.io/port", port), ("prometheus.io/path", "/metrics")]

  static let names = [
    "prometheus.io/scrape", "prometheus.io/port", "prometheus.io/path", "prometheus.io/scheme",
  ]

  /// What we set an annotation to, where we set it.
  static let values = [
    "prometheus.io/scrape": "true", "prometheus.io/port": port, "prometheus.io/path": "/metrics",
    "prometheus.io/scheme": "http",
  ]
}
