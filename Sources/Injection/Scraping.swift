import KubernetesObjects

/// The `prometheus.io` annotations: the Pod is scraped at the sidecar, which also serves what the application had there.
struct Scraping {
  /// Annotations that the Pod is to carry, with our values.
  var wanted: [ScrapeAnnotation] = []
  /// The value of `AMESH_APP_METRICS`: where the sidecar finds the application's own metrics.
  var appMetrics: [UInt8]?

  /// - Parameter original: an annotation as the Pod's author wrote it.
  init(_ settings: MeshSettings.Prometheus, original: (ScrapeAnnotation) -> String?) {
    guard settings.annotate else { return }
    switch original(.scrape) {
    case nil:
      wanted = [.scrape, .port, .path]
    case "true" where settings.merge:
      guard let port: UInt16 = original(.port).flatMap({ AnnotationValue.decimal($0) }), port > 0,
        port != MeshPorts.metrics
      else { return }
      let scheme = original(.scheme)
      let path = original(.path) ?? "/metrics"
      // The originals are kept in the status, which must not grow the annotations past their limit.
      guard path.utf8.count <= 1024, (scheme?.utf8.count ?? 0) <= 16 else { return }
      var writer = JSONWriter(reservingCapacity: 96)
      writer.object { writer in
        writer.member("port", Int(port))
        writer.member("path", path)
        writer.member("scheme", scheme ?? "http")
      }
      appMetrics = EnvironmentValue.json(writer.bytes)
      wanted = scheme == nil || scheme == "http" ? [.port, .path] : [.port, .path, .scheme]
    default: return
    }
  }

  static let names = ScrapeAnnotation.allCases.map(\.key.name)
}

enum ScrapeAnnotation: CaseIterable {
  case scrape, port, path, scheme

  var key: MetadataKey {
    switch self {
    case .scrape: .scrape
    case .port: .scrapePort
    case .path: .scrapePath
    case .scheme: .scrapeScheme
    }
  }

  /// What we set the annotation to, where we set it.
  var value: String {
    switch self {
    case .scrape: "true"
    case .port: Self.portNumber
    case .path: "/metrics"
    case .scheme: "http"
    }
  }

  private static let portNumber = "\(MeshPorts.metrics)"
}
