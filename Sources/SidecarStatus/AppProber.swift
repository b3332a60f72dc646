import EnvoyAPI
import EnvoyServices
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import NIOCore
package import SidecarSettings
import SwiftProtobuf

/// Does what the kubelet would have done.
package struct AppProber: Sendable {
  private let probes: [String: AppProbe]
  private let host: String
  private let http: LocalHTTP

  private static let maximumBodyBytes = 10 << 10

  /// - Parameter host: the Pod's address, where the kubelet would have called.
  package init(probes: [String: AppProbe], host: String, group: any EventLoopGroup) {
    self.probes = probes
    self.host = host
    http = LocalHTTP(group: group)
  }

  package func answer(_ path: String) async -> StatusAnswer {
    guard let probe = probes[path] else { return .text(404, "no probe was recorded for this path") }
    do {
      return try await run(probe)
    } catch {
      return .text(503, "\(host):\(probe.port): \(error)")
    }
  }

  private func run(_ probe: AppProbe) async throws -> StatusAnswer {
    switch probe.action {
    case .http(let action):
      var request = LocalHTTP.Request(
        host: host,
        port: probe.port,
        path: action.path,
        timeout: probe.timeout,
        maximumBytes: Self.maximumBodyBytes
      )
      request.headers = action.headers.map { ($0.name, $0.value) }
      request.isSecure = action.isSecure
      let response = try await http.get(request)
      return StatusAnswer(status: response.status, body: response.body)
    case .tcp:
      try await http.connect(host: host, port: probe.port, timeout: probe.timeout)
      return .text(200, "connected")
    case .grpc(let service): return try await check(service, probe)
    }
  }

  private func check(_ service: String, _ probe: AppProbe) async throws -> StatusAnswer {
    let transport = try HTTP2ClientTransport.Posix(
      target: .dns(host: host, port: probe.port),
      transportSecurity: .plaintext,
      config: .defaults,
      resolverRegistry: .defaults,
      serviceConfig: ServiceConfig(),
      eventLoopGroup: http.group
    )
    var options = CallOptions.defaults
    options.timeout = probe.timeout
    options.waitForReady = false
    let status = try await withGRPCClient(transport: transport) { client in
      try await Grpc_Health_V1_Health.Client(wrapping: client)
        .check(.with { $0.service = service }, options: options).status
    }
    return status == .serving ? .text(200, "SERVING") : .text(503, "the application says \(status)")
  }
}
