/// Why a certificate or its key can't be served; the description names the thing and the cure.
package enum ServingCertificateError: Error, Equatable, Sendable, CustomStringConvertible {
  case noCertificate
  case invalidCertificate(String)
  case invalidKey(String)
  case keyDoesNotMatch
  case invalidName(String)
  case noNames
  case notIssued(String)
  case unreadableFile(path: String, problem: String)
  case unwritableFile(path: String, problem: String)

  package var description: String {
    switch self {
    case .noCertificate:
      "no certificate in the PEM text; it needs the leaf first, then its intermediates"
    case .invalidCertificate(let problem):
      "the certificate can't be read: \(problem); give a PEM chain, leaf first"
    case .invalidKey(let problem):
      "the private key can't be read: \(problem); give an unencrypted PEM key (PKCS #8, SEC 1 or PKCS #1)"
    case .keyDoesNotMatch:
      "the private key does not belong to the certificate; replace both files together"
    case .invalidName(let name):
      "\"\(name)\" is neither a DNS name nor an IP address; name the hosts that clients connect to"
    case .noNames:
      "a serving certificate needs at least one DNS name or IP address"
    case .notIssued(let problem):
      "the certificate could not be made: \(problem)"
    case .unreadableFile(let path, let problem):
      "\(path) can't be read: \(problem)"
    case .unwritableFile(let path, let problem):
      "\(path) can't be written: \(problem)"
    }
  }
}
