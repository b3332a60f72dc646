package import FoundationEssentials
package import SPIFFE

/// Why no certificate was issued; the description names the thing and the cure.
package enum IssuanceError: Error, Hashable, Sendable, CustomStringConvertible {
  case lifetimeOverCap(Duration)
  case lifetimePastSigner(Date)
  case tooLittleLeft(Date)
  case signerNotValid(ValidityPeriod)
  case foreignTrustDomain(TrustDomain)
  /// The signer's path length leaves no room for another authority.
  case authorityTooDeep
  case noNames
  case badName(String)
  case keyFailed(KeyError)
  case notEncoded(String)
  /// What was signed does not say what it should: never released.
  case notAsOrdered(field: String)

  package var description: String {
    switch self {
    case .lifetimeOverCap(let cap):
      "more was asked than the longest lifetime of \(cap.components.seconds) s; ask for less or raise the cap"
    case .lifetimePastSigner(let end):
      "more was asked than the signer has left, until \(end.formatted(.iso8601)); ask for less or rotate the signer"
    case .tooLittleLeft(let end):
      "the signer ends at \(end.formatted(.iso8601)), too soon for another certificate; rotate it"
    case .signerNotValid(let period): "the signer is \(period), which is not now; check the clock or replace it"
    case .foreignTrustDomain(let trustDomain):
      "the signer belongs to another trust domain than \(trustDomain); use one authority for each"
    case .authorityTooDeep:
      "the signer's path length allows no authority below it; let it sign leaves directly or give it a longer one"
    case .noNames: "a serving certificate needs at least one DNS name or a SPIFFE ID"
    case .badName(let name): "\"\(name)\" is no host name in lower case; name the hosts that clients connect to"
    case .keyFailed(let problem): "\(problem)"
    case .notEncoded(let problem): "the certificate could not be written: \(problem)"
    case .notAsOrdered(let field): "the signed certificate has a wrong \(field) and was not released; report this"
    }
  }
}
