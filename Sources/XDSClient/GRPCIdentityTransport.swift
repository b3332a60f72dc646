package import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import NIOCore
package import SidecarIdentity
package import SidecarSettings

/// Both streams over gRPC, with TLS where the address wants it.
package struct GRPCIdentityTransport: IdentityTransport {
  private typealias Secrets = Envoy_Service_Secret_V3_SecretDiscoveryService
  private typealias Workloads = Amesh_Workload_V1_WorkloadDiscoveryService

  private let settings: GRPCTransport.Settings
  private let group: any EventLoopGroup

  package init(settings: GRPCTransport.Settings, group: any EventLoopGroup) {
    self.settings = settings
    self.group = group
  }

  package func hold(
    _ source: XDSSource,
    showing certificate: SidecarCertificate?,
    requests: @escaping @Sendable (IdentityStreamKind) -> AsyncStream<Envoy_Service_Discovery_V3_DeltaDiscoveryRequest>,
    opened: @escaping @Sendable () async -> Void,
    received: @escaping @Sendable (IdentityStreamKind, Envoy_Service_Discovery_V3_DeltaDiscoveryResponse) async -> Void
  ) async throws(XDSStreamFailure) {
    do {
      let transport = try transport(source, certificate)
      let metadata: Metadata = certificate == nil ? settings.token(for: source) : [:]
      let options = settings.options
      try await withGRPCClient(transport: transport) { client in
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          let connected = Latch()
          tasks.addTask {
            try await Secrets.Client(wrapping: client).deltaSecrets(metadata: metadata, options: options) { writer in
              connected.open()
              await opened()
              for await request in requests(.secrets) { try await writer.write(request) }
            } onResponse: { response in
              for try await message in response.messages { await received(.secrets, message) }
            }
          }
          tasks.addTask {
            try await connected.wait(for: settings.connectTimeout)
            try await Workloads.Client(wrapping: client).deltaWorkloads(metadata: metadata, options: options) {
              writer in
              for await request in requests(.workloads) { try await writer.write(request) }
            } onResponse: { response in
              for try await message in response.messages { await received(.workloads, message) }
            }
          }
          defer { tasks.cancelAll() }
          try await tasks.next()
        }
      }
    } catch let failure as XDSStreamFailure {
      throw failure
    } catch let error as RPCError {
      throw XDSStreamFailure(
        "\(error.code): \(error.message)\(error.cause.map { " (\($0))" } ?? "")",
        isUnimplemented: error.code == .unimplemented,
        isUnauthenticated: error.code == .unauthenticated
      )
    } catch {
      throw XDSStreamFailure("\(error)")
    }
  }

  private func transport(
    _ source: XDSSource,
    _ certificate: SidecarCertificate?
  ) throws -> HTTP2ClientTransport.Posix {
    let security: HTTP2ClientTransport.Posix.TransportSecurity
    if !source.isSecure {
      security = .plaintext
    } else if let certificate {
      security = .mTLS(
        certificateChain: certificate.blocks.map { .bytes(Array($0.utf8), format: .pem) },
        privateKey: .bytes(Array(certificate.key.privateKey.utf8), format: .pem)
      ) { $0.trustRoots = .certificates([.file(path: settings.rootsFile, format: .pem)]) }
    } else {
      security = .tls { $0.trustRoots = .certificates([.file(path: settings.rootsFile, format: .pem)]) }
    }
    return try .http2NIOPosix(
      target: source.target,
      transportSecurity: security,
      config: settings.configuration,
      eventLoopGroup: group
    )
  }
}
