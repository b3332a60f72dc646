/// Why nobody could be authenticated; the description names the thing and the cure.
package enum AuthenticationFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// Nothing that any method looks at.
  case nothingShown
  case credentials(CredentialsError)
  case serviceAccountToken(ServiceAccountTokenError)
  case unknownStaticToken
  case renewal(RenewalError)

  package var description: String {
    switch self {
    case .nothingShown: "no credential of a kind that is accepted here; send a token"
    case .credentials(let error): error.description
    case .serviceAccountToken(let error): error.description
    case .unknownStaticToken: "the token is not one of the list; take one of the list, or add it and its identity"
    case .renewal(let error): error.description
    }
  }

  /// A closed set, fit for a label of a metric.
  package enum Reason: String, Hashable, Sendable, CaseIterable {
    case noCredential = "no_credential"
    case malformedCredential = "malformed_credential"
    case tokenMalformed = "token_malformed"
    case tokenAlgorithm = "token_algorithm"
    case tokenKey = "token_key"
    case tokenSignature = "token_signature"
    case tokenClaims = "token_claims"
    case tokenIssuer = "token_issuer"
    case tokenAudience = "token_audience"
    case tokenExpired = "token_expired"
    case tokenNotYetValid = "token_not_yet_valid"
    case tokenUnbound = "token_unbound"
    case tokenRevoked = "token_revoked"
    case tokenReview = "token_review"
    case tokenUndecided = "token_undecided"
    case staticTokenUnknown = "static_token_unknown"
    case certificateMalformed = "certificate_malformed"
    case certificateUntrusted = "certificate_untrusted"
    case certificateIdentity = "certificate_identity"
    case renewalTooLate = "renewal_too_late"
  }

  package var reason: Reason {
    switch self {
    case .nothingShown: .noCredential
    case .credentials: .malformedCredential
    case .serviceAccountToken(let error): error.reason
    case .unknownStaticToken: .staticTokenUnknown
    case .renewal(let error): error.reason
    }
  }
}

extension ServiceAccountTokenError {
  var reason: AuthenticationFailure.Reason {
    switch self {
    case .notThreeSegments, .notBase64URL, .headerTooLong, .notJSON(.header, _), .malformed(.header), .criticalHeader,
      .otherType:
      .tokenMalformed
    case .algorithm, .algorithmDoesNotFitKey: .tokenAlgorithm
    case .noKeyID, .unknownKey: .tokenKey
    case .badSignature: .tokenSignature
    case .notJSON, .malformed, .missingClaim, .malformedClaim, .subject: .tokenClaims
    case .issuer: .tokenIssuer
    case .audience: .tokenAudience
    case .expired: .tokenExpired
    case .notYetValid, .issuedInFuture: .tokenNotYetValid
    case .notBoundToPod: .tokenUnbound
    case .boundObject: .tokenRevoked
    case .review: .tokenReview
    case .undecided: .tokenUndecided
    }
  }
}
