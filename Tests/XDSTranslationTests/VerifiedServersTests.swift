import EnvoyAPI
import EnvoyConfig
import Foundation
import KubernetesObjects
import SwiftProtobuf
import Testing

@testable import XDSTranslation

/// What was to be verified never goes out to somebody who is not.
@Suite struct VerifiedServersTests {
  private typealias Validation = Envoy_Extensions_TransportSockets_Tls_V3_CertificateValidationContext

  /// One cluster with an endpoint, and a route to it.
  private func translated(_ change: (inout ResourceChanges) throws -> Void) throws -> Translator {
    var changes = try FeatureCase([:]).changes
    try change(&changes)
    return Translator(changes)
  }

  private func isReached(_ translator: Translator) -> Bool {
    let upstream = translator.objects.first { $0.key.kind == .upstreams }
    return upstream?.value["nodes"]?.array?.isEmpty == false
  }

  private func secured(_ validation: [UInt8]) throws -> Translator {
    try translated { changes in
      let context = try Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.with {
        $0.commonTlsContext.validationContext = try Validation(serializedBytes: validation)
      }
      changes.clusters.set[0].transportSocket.name = "tls"
      changes.clusters.set[0].transportSocket.typedConfig = try Google_Protobuf_Any(message: context)
    }
  }

  // verify_certificate_hash and verify_certificate_spki, as they come over the wire.
  @Test(arguments: [[0x12, 0x02, 0x61, 0x62], [0x1a, 0x02, 0x61, 0x62]] as [[UInt8]])
  func `pinned certificates can't be looked at: nobody is reached`(_ validation: [UInt8]) throws {
    let translator = try secured(validation)
    #expect(!isReached(translator))
    #expect(translator.findings.contains { $0.feature == .tlsAuthorities })
  }

  // ca_certificate_provider_instance, which is one of Envoy's plugins.
  @Test func `authorities that can't be had let nobody be reached`() throws {
    #expect(!isReached(try secured([0x6A, 0x02, 0x0A, 0x00])))
  }

  // system_root_certs.
  @Test func `the system's authorities are taken`() throws {
    let translator = try secured([0x8A, 0x01, 0x00])
    let rules = translator.objects.first { $0.key.id == SidecarPlugin.upstreamName && $0.key.kind == .pluginMetadata }
    #expect(
      rules.map { String(decoding: $0.value.serialized(), as: UTF8.self) }?.contains("ca-certificates.crt") ?? false
    )
    #expect(isReached(translator))
  }

  private func labelled(_ name: String, _ socket: Google_Protobuf_Any) throws -> Translator {
    try translated { changes in
      changes.clusters.set[0].transportSocketMatches = [
        .with {
          $0.name = name
          $0.transportSocket.typedConfig = socket
        }
      ]
    }
  }

  @Test func `TLS by label that is not the mesh's does not become plaintext`() throws {
    let context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.with { $0.sni = "a.example" }
    let translator = try labelled("user", Google_Protobuf_Any(message: context))
    #expect(translator.findings.map(\.feature) == [.transportSocket])
    #expect(!isReached(translator))
  }

  @Test func `an endpoint's tunnel is left out, and told of`() throws {
    let type = "type.googleapis.com/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport"
    let translator = try labelled("hbone", .with { $0.typeURL = type })
    #expect(translator.findings.map(\.feature) == [.unreadField])
    #expect(isReached(translator))
  }

  @Test func `nothing to verify by is not verified`() throws {
    #expect(isReached(try secured([])))
  }

  @Test func `TLS settings that do not decode do not become plaintext`() throws {
    let translator = try translated { changes in
      changes.clusters.set[0].transportSocket.typedConfig = .with {
        $0.typeURL = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
        $0.value = .init([0x0A, 0x7F])
      }
    }
    #expect(!isReached(translator))
  }

  @Test func `a worker can tell that a server has to be verified before it knows by whom`() throws {
    let validation: [UInt8] = try Validation.with { $0.trustedCa.inlineString = "authorities" }.serializedBytes()
    let translator = try secured(validation)
    let upstream = translator.objects.first { $0.key.kind == .upstreams }
    let id = try #require(upstream?.value["labels"]?["amesh-authorities"]?.string)
    let metadata = translator.objects.first { $0.key.id == "amesh-upstream" && $0.key.kind == .pluginMetadata }
    #expect(metadata?.value["authorities"]?[id]?["text"]?.string == "authorities")
    #expect(isReached(translator))
  }
}
