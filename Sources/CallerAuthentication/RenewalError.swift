package import CertificateAuthority
package import FoundationEssentials
package import SPIFFE

/// Why a certificate renews nothing. For the log: a caller learns none of it.
package enum RenewalError: Error, Hashable, Sendable, CustomStringConvertible {
  case chainTooLong
  case malformed(CertificateError)
  case untrusted(String)
  case noIdentity
  case foreignTrustDomain(TrustDomain)
  case noLastAuthentication
  case authenticatedInFuture
  case tooLongAgo(Date, limit: Duration)

  package var description: String {
    switch self {
    case .chainTooLong:
      "the client's chain has more than \(RenewalByCertificate.maximumChainLength) certificates or too large ones"
    case .malformed(let problem): problem.description
    case .untrusted(let problem):
      "the client's certificate is not valid under the current bundle (\(problem)); \(Self.cure)"
    case .noIdentity: "the client's certificate has not the SPIFFE ID of one workload; \(Self.cure)"
    case .foreignTrustDomain(let domain): "the client's certificate is of the trust domain \(domain); \(Self.cure)"
    case .noLastAuthentication:
      "the client's certificate does not tell when a token was last shown for it; \(Self.cure)"
    case .authenticatedInFuture: "a token was last shown in the future; set the clocks of the control plane"
    case .tooLongAgo(let moment, let limit):
      "a token was last shown at \(moment.formatted(.iso8601)), longer ago than \(limit.components.seconds) s; "
        + Self.cure
    }
  }

  var reason: AuthenticationFailure.Reason {
    switch self {
    case .chainTooLong, .malformed: .certificateMalformed
    case .untrusted: .certificateUntrusted
    case .noIdentity, .foreignTrustDomain, .noLastAuthentication: .certificateIdentity
    case .authenticatedInFuture, .tooLongAgo: .renewalTooLate
    }
  }

  private static let cure = "authenticate with a token"
}
