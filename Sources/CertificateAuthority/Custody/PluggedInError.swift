package import FoundationEssentials

/// Why plugged-in files are no authority that we could sign with; the description names the file and the cure.
package enum PluggedInError: Error, Equatable, Sendable, CustomStringConvertible {
  case missing(file: String)
  case unreadable(file: String, problem: String)
  case tooLarge(file: String, limit: Int)
  case notCertificates(file: String)
  case noCertificate(file: String)
  case malformed(file: String, CertificateError)
  case notAuthority(file: String)
  case notRoot(file: String, subject: String)
  case notValidNow(file: String, ValidityPeriod)
  case endsSoon(file: String, Date)
  case brokenChain(file: String, issuer: String)
  case pathTooLong(file: String)
  case unusableKey(file: String, KeyError)
  case keyDoesNotMatch(file: String)
  case changing
  /// Its root has signed before, or waited to, and another has taken its place since.
  case pastRoot(AuthorityID)

  package var description: String {
    switch self {
    case .missing(let file): "\(file) is missing; all files of the set are needed"
    case .unreadable(let file, let problem): "\(file) can't be read: \(problem)"
    case .tooLarge(let file, let limit): "\(file) is larger than \(limit) bytes; give certificates and a key only"
    case .notCertificates(let file): "\(file) holds something else than PEM certificates; give those only"
    case .noCertificate(let file): "\(file) holds no PEM certificate"
    case .malformed(let file, let error): "\(file): \(error)"
    case .notAuthority(let file):
      "the certificate in \(file) may not sign others; give one with basicConstraints CA:TRUE and key usage keyCertSign"
    case .notRoot(let file, let subject):
      "\(subject) in \(file) is not self-signed; give roots there, and intermediates in cert-chain.pem or tls.crt"
    case .notValidNow(let file, let validity):
      "the certificate in \(file) is \(validity), not now; check this machine's clock, else renew it"
    case .endsSoon(let file, let end):
      "the certificate in \(file) ends \(Timestamp.text(end)), before the next leaf would; renew it"
    case .brokenChain(let file, let issuer):
      "no certificate given signed the one in \(file); it names \(issuer) as its issuer: add that one's chain and root"
    case .pathTooLong(let file):
      "the chain above \(file) allows no authority at its place; its path length is too small"
    case .unusableKey(let file, let error): "\(file): \(error)"
    case .keyDoesNotMatch(let file): "the key in \(file) is not that of the certificate; replace both files together"
    case .pastRoot(let id):
      "root \(id) was replaced by another before and does not come back; plug in one with a new root certificate"
    case .changing: "the files keep changing while they are read; replace them all at once, by a symbolic link"
    }
  }
}
