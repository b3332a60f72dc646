import EnvoyConfig
import SwiftProtobuf

/// How connections to a cluster's endpoints are spoken on.
struct UpstreamConnection: Sendable, Hashable {
  private(set) var scheme = "http"
  /// What was to be kept from others must not go out in plain text.
  private(set) var isPossible = true
  private(set) var requestsPerConnection: Int?
  private(set) var tls: TLSOrigination?

  init(_ cluster: Envoy_Config_Cluster_V3_Cluster, notes: inout Notes) {
    var speaksHTTP2 = cluster.hasHTTP2ProtocolOptions
    var requests = cluster.maxRequestsPerConnection.value
    for (_, options) in cluster.typedExtensionProtocolOptions.sorted(by: { $0.key < $1.key }) {
      guard options.holds(Options.self), let options = options.decoded(Options.self, notes: &notes) else { continue }
      if options.commonHTTPProtocolOptions.hasMaxRequestsPerConnection {
        requests = options.commonHTTPProtocolOptions.maxRequestsPerConnection.value
      }
      guard case .explicitHTTPConfig(let explicit) = options.upstreamProtocolOptions else { continue }
      switch explicit.protocolConfig {
      case .http2ProtocolOptions: speaksHTTP2 = true
      case .http3ProtocolOptions: notes.add(.http3)
      case .httpProtocolOptions, nil: break
      }
    }
    if requests > 0 { requestsPerConnection = Int(requests) }
    let speaksTLS = speaksTLS(cluster, notes: &notes)
    if speaksHTTP2 { notes.add(.http2) }
    switch (speaksHTTP2, speaksTLS) {
    case (false, false): scheme = "http"
    case (false, true): scheme = "https"
    case (true, false): scheme = "grpc"
    case (true, true): scheme = "grpcs"
    }
  }

  private typealias Options = Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions
  private typealias TLS = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext

  private mutating func speaksTLS(_ cluster: Envoy_Config_Cluster_V3_Cluster, notes: inout Notes) -> Bool {
    // Those are chosen by a label of the endpoint: Istio's automatic mutual TLS.
    if cluster.transportSocketMatches.contains(where: { $0.transportSocket.typedConfig.holds(TLS.self) }) {
      notes.add(.mutualTLS)
    }
    guard cluster.hasTransportSocket else { return false }
    let settings = cluster.transportSocket.typedConfig
    guard settings.holds(TLS.self) else {
      if !settings.typeURL.hasSuffix(".RawBuffer") {
        isPossible = false
        notes.add(.transportSocket, cluster.transportSocket.name)
      }
      return false
    }
    guard let context = settings.decoded(TLS.self, notes: &notes) else {
      isPossible = false
      return false
    }
    let secrets = context.commonTlsContext.tlsCertificateSdsSecretConfigs.map(\.name)
    if secrets == ["default"], context.commonTlsContext.combinedValidationContext.validatesByRootCA {
      notes.add(.mutualTLS)
      return false
    }
    let origination = TLSOrigination(context, notes: &notes)
    tls = origination
    isPossible = isPossible && origination.isPossible
    if !secrets.isEmpty || !context.commonTlsContext.tlsCertificates.isEmpty { notes.add(.clientCertificate) }
    return true
  }
}

extension Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext.CombinedCertificateValidationContext {
  /// Istio's names for the mesh's own certificates.
  fileprivate var validatesByRootCA: Bool { validationContextSdsSecretConfig.name == "ROOTCA" }
}
