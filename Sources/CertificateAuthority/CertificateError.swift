/// Why a certificate can't be read.
package enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
  case notPEM(PEMError)
  case wrongLabel(String)
  case malformed(String)
  case unsupportedKey(PublicKeyError)

  package var description: String {
    switch self {
    case .notPEM(let problem): "the certificates can't be read: \(problem)"
    case .wrongLabel(let label): "the PEM block is labelled \(label); a certificate is labelled CERTIFICATE"
    case .malformed(let problem): "the certificate can't be read: \(problem); give an X.509 version 3 certificate"
    case .unsupportedKey(let problem): "the certificate can't be used: \(problem)"
    }
  }
}
