import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
package import XDSProtocol

/// All that one caller may see: its own certificate and the bundles.
package struct CallerSecrets: XDSResources, Sendable, Equatable {
  package let caller: SecretCaller
  package let bundles: BundleSecrets
  /// Made when the certificate is, for both of its names; nil while there is none.
  private let own: Own?

  private struct Own: Sendable, Equatable {
    let byDefaultName: XDSResource
    let byIdentity: XDSResource
  }

  /// - Parameter certificate: nil where there is none yet: who asks for it waits, and gets bundles meanwhile.
  package init(caller: SecretCaller, certificate: WorkloadCertificate?, bundles: BundleSecrets) {
    self.caller = caller
    self.bundles = bundles
    own = certificate.map { certificate in
      Own(
        byDefaultName: Self.secret("default", certificate),
        byIdentity: Self.secret(caller.identity, certificate)
      )
    }
  }

  private init(caller: SecretCaller, own: Own?, bundles: BundleSecrets) {
    self.caller = caller
    self.own = own
    self.bundles = bundles
  }

  /// The same certificate, other bundles.
  package func with(_ bundles: BundleSecrets) -> CallerSecrets {
    CallerSecrets(caller: caller, own: own, bundles: bundles)
  }

  package func lookUp(_ name: String, typeURL: String) -> XDSLookup {
    guard typeURL == secretTypeURL, let asked = SecretName(name, caller: caller) else { return .refused }
    switch asked {
    case .identity:
      guard let own else { return .pending }
      return .found(name == "default" ? own.byDefaultName : own.byIdentity)
    case .bundle:
      let resources = name == "ROOTCA" ? bundles.roots : bundles.byTrustDomain
      return resources[caller.trustDomain].map { .found($0) } ?? .pending
    case .foreignBundle(let trustDomain):
      return bundles.byTrustDomain[trustDomain].map { .found($0) } ?? .absent
    case .allBundles: return .found(bundles.all)
    }
  }

  private static func secret(_ name: String, _ certificate: WorkloadCertificate) -> XDSResource {
    .secret(
      .with {
        $0.name = name
        $0.tlsCertificate.certificateChain.inlineBytes = Data(certificate.chain.utf8)
        if let key = certificate.privateKey { $0.tlsCertificate.privateKey.inlineBytes = Data(key.utf8) }
      }
    )
  }
}
