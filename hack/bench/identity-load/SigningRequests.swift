import Crypto
import EnvoyAPI
import NIOCore
import SwiftASN1
import SwiftProtobuf
import X509

/// PKCS #10 requests for CreateCertificate, ready for the wire.
enum SigningRequests {
  static func make(_ count: Int) throws -> [ByteBuffer] {
    try (0..<count).map { _ in
      let request = try CertificateSigningRequest(
        version: .v1,
        subject: DistinguishedName(),
        privateKey: Certificate.PrivateKey(P256.Signing.PrivateKey()),
        attributes: CertificateSigningRequest.Attributes(),
        signatureAlgorithm: .ecdsaWithSHA256
      )
      let pem = try request.serializeAsPEM().pemString
      return try ByteBuffer(
        framing: Istio_V1_Auth_IstioCertificateRequest.with {
          $0.csr = pem
          $0.validityDuration = 3600
        }
      )
    }
  }
}
