import CallerAuthentication
package import EnvoyAPI
import EnvoyServices
package import GRPCCore
package import Logging
import SecretDiscovery
import XDSProtocol

/// SDS over gRPC: authenticates, then lets the state machines speak.
package struct SecretDiscoveryService: Envoy_Service_Secret_V3_SecretDiscoveryService.StreamingServiceProtocol {
  private let source: any SecretSource
  private let authentication: any CallerAuthentication
  private let streams: StreamBook
  private let configuration: XDSServerConfiguration
  private let metrics: IdentityMetrics
  private let logger: Logger

  /// - Parameter streams: shared by all services of the process.
  package init(
    source: any SecretSource,
    authentication: any CallerAuthentication,
    streams: StreamBook,
    limits: IdentityLimits,
    identifier: String,
    metrics: IdentityMetrics,
    logger: Logger
  ) {
    self.source = source
    self.authentication = authentication
    self.streams = streams
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
    try await answer(request, context, StateOfTheWorldStream(configuration: configuration))
  }

  package func deltaSecrets(
    request: StreamingServerRequest<Envoy_Service_Discovery_V3_DeltaDiscoveryRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Envoy_Service_Discovery_V3_DeltaDiscoveryResponse> {
    try await answer(request, context, DeltaStream(configuration: configuration))
  }

  /// Answers when there is something to answer with; how long that may take is the client's deadline.
  package func fetchSecrets(
    request: StreamingServerRequest<Envoy_Service_Discovery_V3_DiscoveryRequest>,
    context: ServerContext
  ) async throws -> StreamingServerResponse<Envoy_Service_Discovery_V3_DiscoveryResponse> {
    let caller = try await caller(request.metadata, context)
    let place = try streams.place(for: caller)
    defer { withExtendedLifetime(place) {} }
    let message = try await ServerRequest(stream: request).message
    guard !message.resourceNames.isEmpty else {
      throw RPCError(code: .invalidArgument, message: "resource_names is empty; name what you want")
    }
    let stream = StateOfTheWorldStream(configuration: configuration)
    let response = try await session(caller).first(stream, request: message)
    return StreamingServerResponse(single: ServerResponse(message: response))
  }

  private func answer<Stream: SecretStream>(
    _ request: StreamingServerRequest<Stream.Request>,
    _ context: ServerContext,
    _ stream: Stream
  ) async throws -> StreamingServerResponse<Stream.Response> {
    // By a task of its own: this one keeps the frames of its deepest moment as long as the stream lives.
    async let authenticated = caller(request.metadata, context)
    let caller = try await authenticated
    let place = try streams.place(for: caller)
    let session = session(caller)
    // Not the request: its metadata holds the token.
    let requests = request.messages
    return StreamingServerResponse { writer in
      defer { withExtendedLifetime(place) {} }
      let conversation = session.open(stream) { try await writer.write($0) }
      try await conversation.run(requests)
      return [:]
    }
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
