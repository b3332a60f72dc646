import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
import XDSProtocol

/// The bundles of all trust domains as SDS resources: made once for a state of the bundles, and shared by all callers.
package struct BundleSecrets: Sendable, Equatable {
  /// The validator that keeps one bundle for each trust domain; Envoy has it since 1.18.
  private static let validatorName = "envoy.tls.cert_validator.spiffe"

  /// Trust domain → roots, in PEM.
  package let bundles: [String: String]
  /// The resource `ALL`. Empty bundles are left out: Envoy refuses a configuration with one.
  let all: XDSResource
  /// Trust domain → a resource of the name `spiffe://TRUST_DOMAIN`; of an empty bundle there is none.
  let byTrustDomain: [String: XDSResource]
  /// Trust domain → the same bundle, of the name `ROOTCA`.
  let roots: [String: XDSResource]

  /// - Parameter bundles: trust domain, without `spiffe://`, → its roots in PEM.
  package init(bundles: [String: String]) {
    self.bundles = bundles
    let filled = bundles.filter { !$0.value.isEmpty }
    byTrustDomain = filled.reduce(into: [:]) { resources, bundle in
      resources[bundle.key] = Self.context("spiffe://\(bundle.key)", roots: bundle.value)
    }
    roots = filled.mapValues { Self.context("ROOTCA", roots: $0) }
    all = Self.validator("ALL", bundles: filled)
  }

  /// The versions of all resources that hold a trust domain's bundle: what acknowledges one of them has this bundle.
  package func versions(ofTrustDomain trustDomain: String) -> [String] {
    [roots[trustDomain], byTrustDomain[trustDomain], all].compactMap { $0?.version }
  }

  private static func context(_ name: String, roots: String) -> XDSResource {
    .secret(
      .with {
        $0.name = name
        $0.validationContext.trustedCa.inlineBytes = Data(roots.utf8)
      }
    )
  }

  private static func validator(_ name: String, bundles: [String: String]) -> XDSResource {
    let configuration = Envoy_Extensions_TransportSockets_Tls_V3_SPIFFECertValidatorConfig.with {
      // By name, so that the same bundles always give the same bytes.
      $0.trustDomains = bundles.sorted { $0.key < $1.key }.map { name, roots in
        .with {
          $0.name = name
          $0.trustBundle.inlineBytes = Data(roots.utf8)
        }
      }
    }
    return .secret(
      .with {
        $0.name = name
        $0.validationContext.customValidatorConfig.name = validatorName
        $0.validationContext.customValidatorConfig.typedConfig = .with {
          $0.typeURL = typeURL(of: configuration)
          $0.value = Serialised.bytes(configuration)
        }
      }
    )
  }
}
