package import SidecarIdentity

/// What the environment of a sidecar says. A variable with a bad value is named in `problems` and counts as absent: a
/// library can't end the process that it is in, and a proxy that runs with a default is better than none.
package struct SidecarSettings: Sendable {
  package var problems: [String] = []

  /// Tried in this order. Empty only where none of those that were given is valid.
  package var sources: [XDSSource] = []
  package var variant = Variant.delta
  /// Read anew for each stream.
  package var tokenFile = "/var/run/secrets/amesh/token/token"
  /// Read anew for each connection.
  package var rootsFile = "/var/run/secrets/amesh/root/root-cert.pem"
  /// The name in the control plane's certificate, where it is not the host of its address.
  package var serverName: String?
  /// Where plugins come from, tried in this order; empty: from nowhere.
  package var pluginSources: [XDSSource] = []
  /// Between two changes of the configuration's version.
  package var interval = Duration.milliseconds(200)

  package var statusPort = 15021
  package var metricsPort = 15020
  package var appProbes: [String: AppProbe] = [:]
  package var appMetrics: ScrapeTarget?
  /// Of APISIX's own metrics; nil: not merged.
  package var apisixMetrics: ScrapeTarget?
  /// That APISIX has switched on: it serves a route without any other one. Nil: not known.
  package var apisixPlugins: Set<String>?

  /// Nil: a sidecar without mutual TLS.
  package var security: SidecarSecurity?
  /// Where certificates come from, and what is known of peers.
  package var identitySource: XDSSource?
  /// The name in that server's certificate, where it is not the host of its address.
  package var identityServerName: String?

  package var identity = NodeIdentity()
  /// The Pod's labels, as the downward API writes them.
  package var labelsFile = "/etc/amesh/podinfo/labels"
  package var logLevel = "info"

  package enum Variant: String, Sendable, CaseIterable {
    case delta
    case stateOfTheWorld = "sotw"

    static func parse(_ text: String) throws(SettingProblem) -> Variant {
      guard let variant = Variant(rawValue: text) else { throw SettingProblem("must be delta or sotw") }
      return variant
    }
  }

  package init(environment: [String: String]) {
    let get = { (name: String) -> String? in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    sources = readSources("AMESH_XDS_SOURCE", get("AMESH_XDS_SOURCE") ?? get("ISTIO_XDS_SOURCE") ?? Self.defaultSource)
    pluginSources = readSources("AMESH_GRPC_SOURCE", get("AMESH_GRPC_SOURCE") ?? "", allowingHTTP: true)
    variant = read("AMESH_XDS_PROTOCOL", get, Variant.parse) ?? variant
    if let path = get("AMESH_TOKEN_FILE") { tokenFile = path }
    if let path = get("AMESH_ROOT_CERT_FILE") { rootsFile = path }
    if let path = get("AMESH_POD_LABELS_FILE") { labelsFile = path }
    serverName = get("AMESH_XDS_SERVER_NAME")
    interval = read("AMESH_SYNC_INTERVAL", get, SettingText.duration) ?? interval
    statusPort = read("STATUS_SERVER_PORT", get, SettingText.port) ?? statusPort
    metricsPort = read("METRICS_SERVER_PORT", get, SettingText.port) ?? metricsPort
    appProbes = read("AMESH_APP_PROBES", get, AppProbe.parse) ?? appProbes
    appMetrics = read("AMESH_APP_METRICS", get, ScrapeTarget.init(parsing:))
    apisixMetrics = read("AMESH_APISIX_METRICS", get, ScrapeTarget.init(url:))
    apisixPlugins = get("AMESH_APISIX_PLUGINS").map { Set($0.split(separator: ",").map { String($0).trimmed }) }
    identity = NodeIdentity(get)
    // An empty list of callers is a list too.
    readSecurity { name in name == "AMESH_ALLOWED_IDENTITIES" ? environment[name] : get(name) }
    if let level = get("AMESH_LOG_LEVEL") { logLevel = level }
  }

  package static let defaultSource = "grpc://istiod.istio-system.svc:15010"

  /// The variables that are read: nginx passes on only those that its configuration names.
  package static let variables =
    NodeIdentity.variables + securityVariables + [
      "AMESH_APISIX_METRICS", "AMESH_APISIX_PLUGINS", "AMESH_APP_METRICS", "AMESH_APP_PROBES", "AMESH_GRPC_SOURCE",
      "AMESH_LOG_LEVEL", "AMESH_POD_LABELS_FILE", "AMESH_ROOT_CERT_FILE", "AMESH_SYNC_INTERVAL", "AMESH_TOKEN_FILE",
      "AMESH_XDS_PROTOCOL", "AMESH_XDS_SERVER_NAME", "AMESH_XDS_SOURCE", "ISTIO_XDS_SOURCE", "METRICS_SERVER_PORT",
      "STATUS_SERVER_PORT",
    ]

  /// - Parameter allowingHTTP: `https://` and `http://` too, as the first Amesh and the injector write this address.
  private mutating func readSources(_ name: String, _ text: String, allowingHTTP: Bool = false) -> [XDSSource] {
    var sources: [XDSSource] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: true) {
      var address = String(part).trimmed
      if allowingHTTP, address.hasPrefix("http://") { address = "grpc" + address.dropFirst(4) }
      if allowingHTTP, address.hasPrefix("https://") { address = "grpcs" + address.dropFirst(5) }
      do throws(SettingProblem) {
        sources.append(try XDSSource(parsing: address))
      } catch {
        problems.append("\(name): \(error)")
      }
    }
    return sources
  }

  private mutating func read<Value>(
    _ name: String,
    _ get: (String) -> String?,
    _ parse: (String) throws(SettingProblem) -> Value
  ) -> Value? {
    guard let text = get(name) else { return nil }
    do throws(SettingProblem) {
      return try parse(text)
    } catch {
      problems.append("\(name): \(error); the default is used")
      return nil
    }
  }
}
