package import SPIFFE

/// Why a certificate is not taken for an identity.
package enum VerificationError: Error, Hashable, Sendable, CustomStringConvertible {
  case noCertificate
  case chainTooLong
  case leafIsAuthority
  case badKeyUsage
  case badExtendedKeyUsage
  case notOneURI(Int)
  case badID(SPIFFEIDError)
  case noPath
  case foreignTrustDomain(TrustDomain)
  case untrusted(String)

  package var description: String {
    switch self {
    case .noCertificate: "there is no certificate"
    case .chainTooLong:
      "the chain has more than \(TrustBundle.maximumChain) certificates; send the leaf and its intermediates only"
    case .leafIsAuthority: "the leaf is an authority, which is no identity; send the workload's certificate first"
    case .badKeyUsage: "the leaf's keyUsage has to allow digitalSignature and no signing of certificates"
    case .badExtendedKeyUsage: "the leaf's extendedKeyUsage has to name both serverAuth and clientAuth"
    case .notOneURI(let count): "the leaf has \(count) URIs in its subjectAltName; an X.509-SVID has exactly one"
    case .badID(let problem): "the leaf's URI is no SPIFFE ID: \(problem)"
    case .noPath: "the leaf's SPIFFE ID has no path, so it names a trust domain and no workload"
    case .foreignTrustDomain(let trustDomain): "the leaf belongs to the trust domain \(trustDomain), which is another"
    case .untrusted(let reason): "the leaf can't be verified: \(reason)"
    }
  }
}
