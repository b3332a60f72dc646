import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
package import XDSProtocol

/// All that one caller may see: its own certificate and the bundles.
package struct CallerSecrets: XDSResources, Sendable, Equatable {
  package let caller: SecretCaller
  package let bundles: BundleSecrets
  /// The certificate under the name `default`; nil while there is none. The same under the caller's SPIFFE ID is made of
  /// it when it is asked for: few do, and there is one of these for every workload.
  private let own: XDSResource?

  /// - Parameter certificate: nil where there is none yet: who asks for it waits, and gets bundles meanwhile.
  package init(caller: SecretCaller, certificate: WorkloadCertificate?, bundles: BundleSecrets) {
    self.caller = caller
    self.bundles = bundles
    own = certificate.map { Self.secret($0) }
  }

  private init(caller: SecretCaller, own: XDSResource?, bundles: BundleSecrets) {
    self.caller = caller
    self.own = own
    self.bundles = bundles
  }

  package var hasCertificate: Bool { own != nil }

  /// The same certificate, other bundles.
  package func with(_ bundles: BundleSecrets) -> CallerSecrets {
    CallerSecrets(caller: caller, own: own, bundles: bundles)
  }

  package func lookUp(_ name: String, typeURL: String) -> XDSLookup {
    guard typeURL == secretTypeURL, let asked = SecretName(name, caller: caller) else { return .refused }
    switch asked {
    case .identity:
      guard let own else { return .pending }
      return name == Self.defaultName ? .found(own) : Self.renamed(own, name).map { .found($0) } ?? .pending
    case .bundle:
      let resources = name == "ROOTCA" ? bundles.roots : bundles.byTrustDomain
      return resources[caller.trustDomain].map { .found($0) } ?? .pending
    case .foreignBundle(let trustDomain):
      return bundles.byTrustDomain[trustDomain].map { .found($0) } ?? .absent
    case .allBundles: return .found(bundles.all)
    }
  }

  private static let defaultName = "default"

  private static func secret(_ certificate: WorkloadCertificate) -> XDSResource {
    .secret(
      .with {
        $0.name = defaultName
        $0.tlsCertificate.certificateChain.inlineBytes = Data(certificate.chain.utf8)
        if let key = certificate.privateKey { $0.tlsCertificate.privateKey.inlineBytes = Data(key.utf8) }
      }
    )
  }

  private static func renamed(_ resource: XDSResource, _ name: String) -> XDSResource? {
    guard var secret = try? Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: resource.bytes) else {
      return nil
    }
    secret.name = name
    return .secret(secret)
  }
}
