/// Why a trust bundle can't be read.
package enum TrustBundleError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadableCertificate(CertificateError)
  case notAnAuthority(SerialNumber)
  case tooManyAuthorities
  case tooLong(limit: Int)
  case notJSON(String)
  /// A member of the JWKS document is missing, of the wrong kind or out of range.
  case badMember(String)

  package var description: String {
    switch self {
    case .unreadableCertificate(let problem): "the trust bundle can't be read: \(problem)"
    case .notAnAuthority(let serial):
      "certificate \(serial) of the trust bundle is no authority (basicConstraints CA:TRUE); leave it out"
    case .tooManyAuthorities: "the trust bundle has more than \(TrustBundle.maximumAuthorities) authorities; prune it"
    case .tooLong(let limit): "the trust bundle is longer than \(limit) bytes; prune it"
    case .notJSON(let problem): "the trust bundle is no JSON document: \(problem)"
    case .badMember(let name): "\(name) of the trust bundle is not what SPIFFE's bundle format says"
    }
  }
}
