import CoreMetrics
import HTTPTypes
import Hummingbird
import KubernetesObjects
import MeshConfiguration
import Observability

/// What the admin port answers.
struct AdminPages: HTTPResponder {
  typealias Context = BasicRequestContext

  let metrics: PrometheusMetrics
  let readiness: Readiness
  let configuration: CurrentConfiguration
  /// Brings gauges up to date that nobody else does.
  let beforeScrape: @Sendable () -> Void

  private static let index = """
    /metrics  Prometheus metrics
    /healthz  200 while the process runs
    /readyz   200 while it should get requests
    /config   the configuration that is in force, as JSON

    """

  func respond(to request: Request, context: Context) async throws -> Response {
    guard request.method == .get || request.method == .head else {
      var response = Self.text("only GET and HEAD are answered here\n", status: .methodNotAllowed)
      response.headers[.allow] = "GET, HEAD"
      return response
    }
    switch request.uri.path {
    case "/":
      return Self.text(Self.index)
    case "/healthz":
      return Self.text("ok\n")
    case "/readyz":
      return readyPage
    case "/metrics":
      beforeScrape()
      Gauge(label: "amesh_degradations", dimensions: [], factory: metrics).record(readiness.degradations().count)
      let text = metrics.render() + (ProcessMetrics.current()?.render() ?? "")
      return Self.text(text, type: PrometheusText.contentType)
    case "/config":
      let current = configuration.snapshot
      let bytes = current.redacted.serialized(indent: 2)
      var response = Self.text(String(decoding: bytes, as: UTF8.self) + "\n", type: "application/json")
      if let name = HTTPField.Name("x-amesh-config-hash") { response.headers[name] = current.meshHash }
      return response
    default:
      return Self.text("not found; these are here:\n\(Self.index)", status: .notFound)
    }
  }

  /// Who goes on from memory serves others well: it is ready, and says what is amiss.
  private var readyPage: Response {
    let reasons = readiness.reasons
    guard reasons.isEmpty else {
      return Self.text("not ready: \(reasons.joined(separator: ", "))\n", status: .serviceUnavailable)
    }
    let degradations = readiness.degradations()
    return Self.text(
      degradations.isEmpty ? "ready\n" : "ready, but degraded: \(degradations.joined(separator: "; "))\n"
    )
  }

  private static func text(
    _ text: String,
    type: String = "text/plain; charset=utf-8",
    status: HTTPResponse.Status = .ok
  ) -> Response {
    Response(
      status: status,
      headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text))
    )
  }
}
