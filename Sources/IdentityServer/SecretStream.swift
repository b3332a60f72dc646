import EnvoyAPI
import SecretDiscovery
import SwiftProtobuf
import XDSProtocol

/// Either protocol's state machine, as a session drives it.
protocol SecretStream: Sendable {
  associatedtype Request: Message
  associatedtype Response: Message & Equatable

  mutating func receive(_ request: Request, resources: some XDSResources) -> [XDSAction<Response>]
  mutating func resourcesChanged(_ resources: some XDSResources) -> [XDSAction<Response>]
  func isSubscribed(to name: String, typeURL: String) -> Bool
  /// Nil where the client does not repeat it.
  static func node(_ request: Request) -> Envoy_Config_Core_V3_Node?
  /// Of a response's resources.
  static func count(_ response: Response) -> Int
}

extension SecretStream {
  func wantsIdentity(of caller: SecretCaller) -> Bool {
    ["default", caller.identity].contains { isSubscribed(to: $0, typeURL: secretTypeURL) }
  }

  func wantsBundle(of caller: SecretCaller) -> Bool {
    ["ROOTCA", "ALL", "spiffe://\(caller.trustDomain)"].contains { isSubscribed(to: $0, typeURL: secretTypeURL) }
  }
}

extension StateOfTheWorldStream: SecretStream {
  static func node(_ request: Envoy_Service_Discovery_V3_DiscoveryRequest) -> Envoy_Config_Core_V3_Node? {
    request.hasNode ? request.node : nil
  }

  static func count(_ response: Envoy_Service_Discovery_V3_DiscoveryResponse) -> Int { response.resources.count }
}

extension DeltaStream: SecretStream {
  static func node(_ request: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest) -> Envoy_Config_Core_V3_Node? {
    request.hasNode ? request.node : nil
  }

  static func count(_ response: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse) -> Int { response.resources.count }
}
