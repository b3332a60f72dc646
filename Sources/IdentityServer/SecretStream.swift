import EnvoyAPI
import XDSProtocol

/// Either protocol's state machine, as a session drives it.
protocol SecretStream: Sendable {
  associatedtype Request: Sendable
  associatedtype Response: Sendable & Equatable

  mutating func receive(_ request: Request, resources: some XDSResources) -> [XDSAction<Response>]
  mutating func resourcesChanged(_ resources: some XDSResources) -> [XDSAction<Response>]
  static func node(_ request: Request) -> Envoy_Config_Core_V3_Node
}

extension StateOfTheWorldStream: SecretStream {
  static func node(_ request: Envoy_Service_Discovery_V3_DiscoveryRequest) -> Envoy_Config_Core_V3_Node { request.node }
}

extension DeltaStream: SecretStream {
  static func node(_ request: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest) -> Envoy_Config_Core_V3_Node {
    request.node
  }
}
