import EnvoyAPI
import NIOCore
import SwiftProtobuf

typealias DiscoveryRequest = Envoy_Service_Discovery_V3_DiscoveryRequest
typealias DiscoveryResponse = Envoy_Service_Discovery_V3_DiscoveryResponse

enum Method {
  static let createCertificate = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
  static let streamSecrets = "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets"
  /// Served by nobody: what is left of a call when nothing is done in it.
  static let none = "/amesh.bench/None"
}

enum SecretType {
  static let url = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
}

extension DiscoveryRequest {
  static func subscribe(_ names: [String]) -> Self {
    .with {
      $0.typeURL = SecretType.url
      $0.resourceNames = names
      $0.node.id = "sidecar~127.0.0.1~bench.shop~shop.svc.cluster.local"
      $0.node.cluster = "bench"
    }
  }

  static func acknowledge(_ response: DiscoveryResponse, _ names: [String]) -> Self {
    .with {
      $0.typeURL = SecretType.url
      $0.resourceNames = names
      $0.versionInfo = response.versionInfo
      $0.responseNonce = response.nonce
    }
  }

  static func reject(_ response: DiscoveryResponse, _ names: [String], version: String) -> Self {
    .with {
      $0.typeURL = SecretType.url
      $0.resourceNames = names
      $0.versionInfo = version
      $0.responseNonce = response.nonce
      $0.errorDetail.code = 3
      $0.errorDetail.message = "not to my liking"
    }
  }
}
