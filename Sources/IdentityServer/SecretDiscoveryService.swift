package import CallServer
import CallerAuthentication
import EnvoyServices
import GRPCCore
package import Logging
import SecretDiscovery
import XDSProtocol

/// SDS over gRPC: authenticates, then lets the state machines speak.
package struct SecretDiscoveryService: CallService {
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
      maximumNames: Self.maximumNames,
      controlPlaneIdentifier: identifier
    )
  }

  package var methods: [String: any CallMethod] {
    [
      SDS.StreamSecrets.descriptor.path: conversation { StateOfTheWorldStream(configuration: configuration) },
      SDS.DeltaSecrets.descriptor.path: conversation { DeltaStream(configuration: configuration) },
      SDS.FetchSecrets.descriptor.path: AuthenticatedMethod(authentication, streams) { caller, place, call in
        let stream = StateOfTheWorldStream(configuration: configuration)
        return SecretFetch(stream, call, place, session: session(caller))
      },
    ]
  }

  /// On a stream; a caller has its own and those of trust domains.
  private static let maximumNames = 64

  private typealias SDS = Envoy_Service_Secret_V3_SecretDiscoveryService.Method

  private func conversation<Stream: SecretStream>(
    _ stream: @escaping @Sendable () -> Stream
  ) -> AuthenticatedMethod {
    AuthenticatedMethod(authentication, streams) { caller, place, call in
      SecretConversation(stream(), call, place, session: session(caller))
    }
  }

  private func session(_ caller: Caller) -> SecretSession {
    SecretSession(caller: caller, source: source, metrics: metrics, logger: logger)
  }
}
