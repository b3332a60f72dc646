/// Why text is no SPIFFE ID or no trust domain; the description says what the standard wants.
package enum SPIFFEIDError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case tooLong
  case invalidScheme
  case missingTrustDomain
  case trustDomainTooLong
  case invalidTrustDomainCharacter
  case missingLeadingSlash
  case emptySegment
  case trailingSlash
  case dotSegment
  case invalidPathCharacter
  case notAWorkload
  case notAPattern
  case invalidNamespace
  case invalidServiceAccount

  package var description: String {
    switch self {
    case .empty: "the SPIFFE ID is empty; it has the form spiffe://TRUST_DOMAIN/PATH"
    case .tooLong: "the SPIFFE ID is longer than \(SPIFFEID.maximumLength) bytes; shorten its path"
    case .invalidScheme: "a SPIFFE ID starts with spiffe:// in lower case"
    case .missingTrustDomain: "the trust domain is missing; it follows spiffe://"
    case .trustDomainTooLong: "the trust domain is longer than \(TrustDomain.maximumLength) bytes; shorten it"
    case .invalidTrustDomainCharacter: "a trust domain consists of a-z, 0-9, dots, dashes and underscores only"
    case .missingLeadingSlash: "the path of a SPIFFE ID starts with a slash"
    case .emptySegment: "the path of a SPIFFE ID has an empty segment; remove the doubled slash"
    case .trailingSlash: "the path of a SPIFFE ID ends with a slash; remove it"
    case .dotSegment: "the path of a SPIFFE ID has a segment \".\" or \"..\"; write the path without it"
    case .invalidPathCharacter: "a path segment consists of letters, digits, dots, dashes and underscores only"
    case .notAWorkload: "the SPIFFE ID of a workload has the form spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT"
    case .notAPattern:
      "a pattern is a SPIFFE ID, spiffe://TRUST_DOMAIN/ns/NAMESPACE/* or spiffe://TRUST_DOMAIN/*; no other star has a meaning"
    case .invalidNamespace: "the namespace is no DNS label of Kubernetes: at most 63 of a-z, 0-9 and dashes"
    case .invalidServiceAccount:
      "the service account is no DNS subdomain of Kubernetes: at most 253 of a-z, 0-9, dashes and dots"
    }
  }
}
