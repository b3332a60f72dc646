import Crypto
package import SidecarIdentity
import SwiftASN1
import X509

extension FreshKey {
  /// A key that nobody else has, and a request that names nothing: the server knows whose it is.
  package static func p256() throws -> FreshKey {
    let key = P256.Signing.PrivateKey()
    let request = try CertificateSigningRequest(
      version: .v1,
      subject: DistinguishedName(),
      privateKey: Certificate.PrivateKey(key),
      attributes: CertificateSigningRequest.Attributes([]),
      signatureAlgorithm: .ecdsaWithSHA256
    )
    return FreshKey(
      privateKey: key.pemRepresentation + "\n",
      publicKey: Array(key.publicKey.derRepresentation),
      request: try request.serializeAsPEM().pemString
    )
  }
}
