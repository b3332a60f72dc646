/// A public key of which somebody has shown that they hold the private half: the only thing that a certificate is ever
/// issued for.
package struct ProvenKey: Hashable, Sendable {
  package let publicKey: PublicKey

  /// Checks a request's signature, its proof of possession.
  ///
  /// Kind and size of the key were checked when the request was read: before this, the first costly operation.
  package init(_ request: CertificateRequest, verifier: any SignatureVerifier) throws(CertificateRequestError) {
    let isValid: Bool
    do {
      isValid = try verifier.isValid(
        request.signature,
        algorithm: request.signatureAlgorithm,
        over: request.signedBytes,
        by: request.publicKey
      )
    } catch {
      throw .unusableKey(error)
    }
    guard isValid else { throw .badSignature }
    publicKey = request.publicKey
  }

  /// The key is here.
  package init(_ key: any SigningKey) { publicKey = key.publicKey }
}
