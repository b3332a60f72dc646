import CallerAuthentication
package import EnvoyAPI
import EnvoyServices
package import GRPCCore
package import Logging
import SecretDiscovery
import XDSProtocol

/// SDS over gRPC: authenticates, then lets the state machines speak.
package struct SecretDiscoveryService: Envoy_Service_Secret_V3_SecretDiscoveryService.ServiceProtocol {
  private let source: any SecretSource
  private let authentication: any CallerAuthentication
  private let configuration: XDSServerConfiguration
  private let metrics: IdentityMetrics
  private let logger: Logger

  package init(
    source: any SecretSource,
    authentication: any CallerAuthentication,
    limits: IdentityLimits,
    identifier: String,
    metrics: IdentityMetrics,
    logger: Logger
  ) {
    self.source = source
    self.authentication = authentication
    self.metrics = metrics
    self.logger = logger
    configuration = XDSServerConfiguration(
      typeURLs: [secretTypeURL],
      maximumNames: limits.maximumNamesPerStream,
      controlPlaneIdentifier: identifier
    )
  }

  package func streamSecrets(
    request: StreamingServerRequest<Envoy_Service_Discovery_V3_DiscoveryRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Envoy_Service_Discovery_V3_DiscoveryResponse> {
    let caller = try await caller(request.metadata, context)
    return StreamingServerResponse { writer in
      let stream = StateOfTheWorldStream(configuration: configuration)
      try await session(caller).run(stream, requests: request.messages) { try await writer.write($0) }
      return [:]
    }
  }

  package func deltaSecrets(
    request: StreamingServerRequest<Envoy_Service_Discovery_V3_DeltaDiscoveryRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Envoy_Service_Discovery_V3_DeltaDiscoveryResponse> {
    let caller = try await caller(request.metadata, context)
    return StreamingServerResponse { writer in
      let stream = DeltaStream(configuration: configuration)
      try await session(caller).run(stream, requests: request.messages) { try await writer.write($0) }
      return [:]
    }
  }

  /// Answers when there is something to answer with; how long that may take is the client's deadline.
  package func fetchSecrets(
    request: ServerRequest<Envoy_Service_Discovery_V3_DiscoveryRequest>,
    context: ServerContext
  ) async throws -> ServerResponse<Envoy_Service_Discovery_V3_DiscoveryResponse> {
    let caller = try await caller(request.metadata, context)
    guard !request.message.resourceNames.isEmpty else {
      throw RPCError(code: .invalidArgument, message: "resource_names is empty; name what you want")
    }
    let stream = StateOfTheWorldStream(configuration: configuration)
    let response = try await session(caller).first(stream, request: request.message)
    return ServerResponse(message: response)
  }

  private func session(_ caller: Caller) -> SecretSession {
    SecretSession(caller: caller, source: source, metrics: metrics, logger: logger)
  }

  private func caller(_ metadata: Metadata, _ context: ServerContext) async throws(RPCError) -> Caller {
    let evidence = CallerEvidence(metadata: metadata, context: context)
    guard let caller = await authentication.caller(evidence) else { throw .unauthenticated }
    return caller
  }
}
