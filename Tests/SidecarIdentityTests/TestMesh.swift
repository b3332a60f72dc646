import CertificateAuthority
import Crypto
import EnvoyAPI
import FoundationEssentials
import SPIFFE
import SecretDiscovery
import SidecarIdentity
import SwiftASN1
import SwiftProtobuf
import WorkloadKeys
import X509

/// An authority, and what a server says of it over SDS.
struct TestMesh {
  static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private let key = P256.Signing.PrivateKey()
  private let root: Certificate
  let trustDomain: TrustDomain

  init(_ trustDomain: String = "cluster.local") throws {
    self.trustDomain = try TrustDomain(trustDomain)
    let name = try DistinguishedName { CommonName("root") }
    let publicKey = Certificate.PublicKey(key.publicKey)
    root = try Self.certificate(publicKey, subject: name, issuer: name, key: key, life: 86_400) {
      Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
      Critical(KeyUsage(keyCertSign: true))
      SubjectKeyIdentifier(hash: publicKey)
    }
  }

  var rootPEM: String { (try? root.serializeAsPEM().pemString) ?? "" }

  func bundle() throws -> TrustBundle { try TrustBundle(trustDomain: trustDomain, pem: Array("\(rootPEM)\n".utf8)) }

  /// For the key that a request names.
  func issue(_ request: String, account: String = "web", life: Double = 3600, names: Bool = true) throws -> String {
    let request = try CertificateSigningRequest(pemEncoded: request)
    let identity = try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: account)
    var alternatives: [GeneralName] = [.uniformResourceIdentifier(identity.description)]
    if names { alternatives += identity.dnsNames.map { .dnsName($0) } }
    let subject = DistinguishedName()
    let leaf = try Self.certificate(request.publicKey, subject: subject, issuer: root.subject, key: key, life: life) {
      Critical(BasicConstraints.notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: true))
      try ExtendedKeyUsage([.serverAuth, .clientAuth])
      Critical(SubjectAlternativeNames(alternatives))
    }
    return try leaf.serializeAsPEM().pemString + "\n"
  }

  func certificate(account: String = "web", names: Bool = true) async throws -> SidecarCertificate {
    let key = try FreshKey.p256()
    return try await SidecarCertificate(
      chain: Array(try issue(key.request, account: account, names: names).utf8),
      keys: [key],
      bundle: bundle(),
      now: Self.now
    )
  }

  private static func certificate(
    _ publicKey: Certificate.PublicKey,
    subject: DistinguishedName,
    issuer: DistinguishedName,
    key: P256.Signing.PrivateKey,
    life: Double,
    @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
  ) throws -> Certificate {
    try Certificate(
      version: .v3,
      serialNumber: Certificate.SerialNumber(bytes: [1] + (0..<15).map { _ in UInt8.random(in: 0...255) }),
      publicKey: publicKey,
      notValidBefore: now - 120,
      notValidAfter: now + life,
      issuer: issuer,
      subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: extensions().get(),
      issuerPrivateKey: Certificate.PrivateKey(key)
    )
  }
}

extension Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
  static func secrets(chain: String? = nil, bundle: String? = nil, nonce: String = "1") -> Self {
    var secrets: [Envoy_Extensions_TransportSockets_Tls_V3_Secret] = []
    if let chain {
      secrets.append(
        .with {
          $0.name = "default"
          $0.tlsCertificate.certificateChain.inlineBytes = Data(chain.utf8)
        }
      )
    }
    if let bundle {
      secrets.append(
        .with {
          $0.name = "ROOTCA"
          $0.validationContext.trustedCa.inlineBytes = Data(bundle.utf8)
        }
      )
    }
    return .with {
      $0.nonce = nonce
      $0.typeURL = secretTypeURL
      $0.resources = secrets.map { secret in
        .with {
          $0.name = secret.name
          $0.resource.typeURL = secretTypeURL
          $0.resource.value = (try? secret.serializedData()) ?? Data()
        }
      }
    }
  }
}
