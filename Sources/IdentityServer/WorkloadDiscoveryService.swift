package import CallServer
import CallerAuthentication
import EnvoyServices
import GRPCCore
package import Logging
import WorkloadDiscovery
import XDSProtocol

/// Workload discovery over gRPC, for the same callers as SDS.
package struct WorkloadDiscoveryService: CallService {
  private let source: WorkloadSource
  private let authentication: any CallerAuthentication
  private let streams: StreamBook
  private let configuration: XDSServerConfiguration
  private let logger: Logger

  /// - Parameters:
  ///   - streams: shared by all services of the process.
  ///   - maximumAddresses: that a stream may ask for: all that a sidecar sends to.
  package init(
    source: WorkloadSource,
    authentication: any CallerAuthentication,
    streams: StreamBook,
    maximumAddresses: Int = 16_384,
    identifier: String,
    logger: Logger
  ) {
    self.source = source
    self.authentication = authentication
    self.streams = streams
    self.logger = logger
    configuration = XDSServerConfiguration(
      typeURLs: [workloadTypeURL],
      maximumNames: maximumAddresses,
      // The longest text of an address has 45.
      maximumNameBytes: 64,
      controlPlaneIdentifier: identifier
    )
  }

  package var methods: [String: any CallMethod] {
    [
      Discovery.DeltaWorkloads.descriptor.path: AuthenticatedMethod(authentication, streams) { caller, place, call in
        WorkloadConversation(DeltaStream(configuration: configuration), call, place, source, caller, logger)
      }
    ]
  }

  private typealias Discovery = Amesh_Workload_V1_WorkloadDiscoveryService.Method
}
