import KubernetesObjects

/// JSON Pointers to the maps of a Pod's metadata.
enum MetadataPointers {
  static let labels = "/metadata/labels"
  static let annotations = "/metadata/annotations"
}

/// A label or annotation that injection sets.
enum MetadataKey: CaseIterable {
  case canonicalName, canonicalRevision
  case defaultContainer, status, scrape, scrapePort, scrapePath, scrapeScheme

  var name: String {
    switch self {
    case .canonicalName: MeshNames.canonicalNameLabel
    case .canonicalRevision: MeshNames.canonicalRevisionLabel
    case .defaultContainer: MeshNames.defaultContainerAnnotation
    case .status: MeshNames.statusAnnotation
    case .scrape: "prometheus.io/scrape"
    case .scrapePort: "prometheus.io/port"
    case .scrapePath: "prometheus.io/path"
    case .scrapeScheme: "prometheus.io/scheme"
    }
  }

  /// The JSON Pointer to it, spelled out so that no Pod has to wait for its escapes.
  var pointer: String {
    switch self {
    case .canonicalName: "/metadata/labels/service.istio.io~1canonical-name"
    case .canonicalRevision: "/metadata/labels/service.istio.io~1canonical-revision"
    case .defaultContainer: "/metadata/annotations/kubectl.kubernetes.io~1default-container"
    case .status: "/metadata/annotations/amesh.apisix.apache.org~1status"
    case .scrape: "/metadata/annotations/prometheus.io~1scrape"
    case .scrapePort: "/metadata/annotations/prometheus.io~1port"
    case .scrapePath: "/metadata/annotations/prometheus.io~1path"
    case .scrapeScheme: "/metadata/annotations/prometheus.io~1scheme"
    }
  }
}
