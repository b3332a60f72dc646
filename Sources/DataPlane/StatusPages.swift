import Glibc
import NIOCore
import Observability
import SidecarSettings
import SidecarStatus

/// What the sidecar's two ports answer.
struct StatusPages: Sendable {
  let settings: SidecarSettings
  let prober: AppProber
  let http: LocalHTTP
  let status: @Sendable () async -> DataPlaneStatus
  let isReady: @Sendable () -> Bool
  let objects: @Sendable (_ prefix: String) -> [(key: String, value: [UInt8])]

  /// A part of a merged page that is larger is left out: half of it would be wrong.
  private static let maximumScrape = 16 << 20
  private static let scrapeTimeout = Duration.seconds(5)

  init(
    settings: SidecarSettings,
    group: any EventLoopGroup,
    status: @escaping @Sendable () async -> DataPlaneStatus,
    isReady: @escaping @Sendable () -> Bool,
    objects: @escaping @Sendable (String) -> [(key: String, value: [UInt8])]
  ) {
    self.settings = settings
    self.status = status
    self.isReady = isReady
    self.objects = objects
    http = LocalHTTP(group: group)
    prober = AppProber(probes: settings.appProbes, host: settings.identity.address, group: group)
  }

  func health(_ request: StatusRequest) async -> StatusAnswer {
    if request.path == "/quitquitquit" { return quit(request) }
    guard request.method == "GET" || request.method == "HEAD" else { return .text(405, "only GET is answered") }
    switch request.path {
    case "/healthz/ready":
      return isReady() ? .text(200, "ready") : .text(503, "no configuration was applied yet; see /debug/status")
    case let path where path.hasPrefix("/app-health/") || path.hasPrefix("/app-lifecycle/"):
      return await prober.answer(path)
    case let path where path.hasPrefix("/debug/"):
      // The mesh's configuration is nobody's business outside of the Pod.
      return request.isLocal ? await debug(path) : .notFound
    default: return .notFound
    }
  }

  func metrics(_ request: StatusRequest) async -> StatusAnswer {
    guard request.method == "GET" || request.method == "HEAD" else { return .text(405, "only GET is answered") }
    guard request.path == "/metrics" || request.path == "/stats/prometheus" else { return .notFound }
    var text = Array(MetricsText.of(await status()).utf8)
    for target in [settings.apisixMetrics, settings.appMetrics].compactMap({ $0 }) { text += await scrape(target) }
    return StatusAnswer(status: 200, contentType: PrometheusText.contentType, body: text)
  }

  private func debug(_ path: String) async -> StatusAnswer {
    switch path {
    case "/debug/status": .json(StatusDocuments.status(await status()))
    case "/debug/xds": .json(StatusDocuments.xds(await status().stream))
    case "/debug/rejected": .json(StatusDocuments.rejected(await status()))
    case "/debug/plugins": .json(PluginDocument.plugins(await status().plugins))
    case "/debug/routes": .json(StatusDocuments.objects(objects("/routes/")))
    case "/debug/upstreams": .json(StatusDocuments.objects(objects("/upstreams/")))
    default: .notFound
    }
  }

  private func scrape(_ target: ScrapeTarget) async -> [UInt8] {
    let request = LocalHTTP.Request(
      host: "127.0.0.1",
      port: target.port,
      path: target.path,
      timeout: Self.scrapeTimeout,
      maximumBytes: Self.maximumScrape
    )
    do {
      let response = try await http.get(request)
      guard response.status == 200, !response.isCut else { return note(target, "status \(response.status)") }
      return response.body.last == UInt8(ascii: "\n") ? response.body : response.body + [UInt8(ascii: "\n")]
    } catch {
      return note(target, "\(error)")
    }
  }

  /// A comment: the rest of the page is still good.
  private func note(_ target: ScrapeTarget, _ reason: String) -> [UInt8] {
    let text = "\(target.port)\(target.path) was not merged: \(reason)".map { $0.isNewline ? " " : $0 }
    return Array("# \(String(text))\n".utf8)
  }

  /// For Jobs whose work is done: nginx ends as it does when it is asked to, by its master.
  private func quit(_ request: StatusRequest) -> StatusAnswer {
    guard request.isLocal else { return .notFound }
    guard request.method == "POST" else { return .text(405, "only POST ends the sidecar") }
    let master = getppid()
    guard kill(master, 0) == 0 else { return .text(500, "nginx can't be told: error \(errno)") }
    var answer = StatusAnswer.text(200, "ending")
    answer.sequel = { _ = kill(master, SIGQUIT) }
    return answer
  }
}
