/// Why a certificate request is refused; for the caller's log, since it says nothing that the caller did not send.
package enum CertificateRequestError: Error, Hashable, Sendable, CustomStringConvertible {
  case notPEM(PEMError)
  case wrongLabel(String)
  case malformed
  case unacceptableKey(PublicKeyError)
  case unsupportedSignature
  case signatureDoesNotFitKey
  /// The key can't be loaded, a point off its curve for example.
  case unusableKey(KeyError)
  /// The signature is not that of the key: no proof of possession.
  case badSignature
  /// Strict mode: the request asks for a name that is not the caller's own.
  case foreignName(String)
  /// Strict mode: names that can't be read.
  case unreadableNames

  package var description: String {
    switch self {
    case .notPEM(let problem): "the certificate request can't be read: \(problem)"
    case .wrongLabel(let label): "the PEM block is labelled \(label); a request is labelled CERTIFICATE REQUEST"
    case .malformed: "the certificate request is no well-formed PKCS #10; make it with a current library"
    case .unacceptableKey(let problem): "the certificate request is refused: \(problem)"
    case .unsupportedSignature: "the request's signature algorithm is not accepted; use ECDSA or RSA with SHA-256"
    case .signatureDoesNotFitKey: "the request's signature algorithm does not fit its key; sign it with that key"
    case .unusableKey(let problem): "the request's key can't be used: \(problem)"
    case .badSignature: "the request is not signed by the key that it holds; sign it with that key"
    case .foreignName(let name): "the request asks for \(name), which is not the caller's own; ask for no names"
    case .unreadableNames: "the names that the request asks for can't be read; ask for no names"
    }
  }
}
