import EnvoyConfig
import SwiftProtobuf

/// How connections to a cluster's endpoints are spoken on.
struct UpstreamConnection: Sendable, Hashable {
  private(set) var scheme = "http"
  /// What was to be kept from others must not go out in plain text.
  private(set) var isPossible = true
  private(set) var requestsPerConnection: Int?
  private(set) var idleTimeout: Milliseconds?
  /// Whether it is to be what the client speaks, which only what passes through can.
  private(set) var followsClient = false
  private(set) var tls: TLSOrigination?

  init(_ cluster: Envoy_Config_Cluster_V3_Cluster, notes: inout Notes) {
    var speaksHTTP2 = cluster.hasHTTP2ProtocolOptions
    var requests = cluster.maxRequestsPerConnection.value
    for (key, options) in cluster.typedExtensionProtocolOptions.sorted(by: { $0.key < $1.key }) {
      guard options.holds(Options.self) else {
        notes.add(.unreadField, "typed_extension_protocol_options of Cluster: \(key)")
        continue
      }
      guard let options = options.decoded(Options.self, notes: &notes) else { continue }
      notes.unread(options)
      let common = options.commonHTTPProtocolOptions
      notes.unread(common)
      if common.hasMaxRequestsPerConnection { requests = common.maxRequestsPerConnection.value }
      let idle = Milliseconds(common.idleTimeout)
      if !idle.isZero { idleTimeout = idle }
      switch options.upstreamProtocolOptions {
      case .explicitHTTPConfig(let explicit):
        switch explicit.protocolConfig {
        case .http2ProtocolOptions(let http2):
          speaksHTTP2 = true
          notes.unread(http2)
        case .http3ProtocolOptions: notes.add(.http3)
        case .httpProtocolOptions(let http1): notes.unread(http1)
        case nil: break
        }
      case .useDownstreamProtocolConfig: followsClient = true
      case .autoConfig: notes.add(.protocolChoice, "what TLS agrees on")
      case nil: break
      }
    }
    if cluster.hasHTTP2ProtocolOptions { notes.unread(cluster.http2ProtocolOptions) }
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
    for match in cluster.transportSocketMatches where !match.transportSocket.isPlain {
      if match.transportSocket.isOfMesh(called: match.name) {
        notes.add(.mutualTLS)
      } else if match.transportSocket.isTunnel {
        notes.add(.unreadField, "transport_socket_matches of Cluster: \(match.name)")
      } else {
        // For which endpoints is not looked at, and nothing goes out in plaintext that was not to.
        isPossible = false
        notes.add(.transportSocket, match.name)
      }
    }
    guard cluster.hasTransportSocket else { return false }
    let settings = cluster.transportSocket.typedConfig
    guard settings.holds(TLS.self) else {
      if !cluster.transportSocket.isPlain {
        isPossible = false
        notes.add(.transportSocket, cluster.transportSocket.name)
      }
      return false
    }
    guard let context = settings.decoded(TLS.self, notes: &notes) else {
      isPossible = false
      return false
    }
    let secrets = context.commonTlsContext.tlsCertificateSdsSecretConfigs
    if context.isOfMesh {
      notes.add(.mutualTLS)
      return false
    }
    notes.unread(context)
    notes.unread(context.commonTlsContext)
    let origination = TLSOrigination(context, notes: &notes)
    tls = origination
    isPossible = isPossible && origination.isPossible
    if !secrets.isEmpty || !context.commonTlsContext.tlsCertificates.isEmpty
      || context.commonTlsContext.isCertifiedByProvider
    {
      notes.add(.clientCertificate)
    }
    return true
  }
}

extension Envoy_Config_Core_V3_TransportSocket {
  fileprivate var isPlain: Bool { typedConfig.typeURL.hasSuffix(".RawBuffer") }

  /// Istio's comes with every cluster, so that it is not looked into.
  /// To endpoints that take the mesh's tunnel; the others are reached without it.
  fileprivate var isTunnel: Bool {
    typedConfig.typeURL.hasSuffix("/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport")
  }

  fileprivate func isOfMesh(called name: String) -> Bool {
    typealias Context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext
    guard typedConfig.holds(Context.self) else { return false }
    return name == "tlsMode-istio" || (try? Context(unpackingAny: typedConfig))?.isOfMesh ?? false
  }
}

extension Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext {
  /// By Istio's names for the mesh's own certificates.
  fileprivate var isOfMesh: Bool {
    commonTlsContext.tlsCertificateSdsSecretConfigs.map(\.name) == ["default"]
      && commonTlsContext.combinedValidationContext.validationContextSdsSecretConfig.name == "ROOTCA"
  }
}

extension Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext {
  /// By one of Envoy's plugins, which have no name here.
  fileprivate var isCertifiedByProvider: Bool {
    !UnreadFields.numbers(in: unknownFields.data).isDisjoint(with: [9, 11, 14])
  }
}
