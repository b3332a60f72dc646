package import FoundationEssentials

extension Caller {
  /// Who shows a token that was found good at `now`.
  package init(_ token: ServiceAccountToken, hash: CredentialHash, at now: Date) {
    self.init(
      identity: token.identity,
      method: .serviceAccountToken,
      lastTokenAuthentication: now,
      credentialExpiry: token.expiresAt,
      credentialHash: hash,
      serviceAccountUID: token.serviceAccountUID,
      pod: token.pod
    )
  }
}

extension AuthenticationVerdict {
  /// What becomes of whoever shows a token that was not found good.
  package init(_ error: ServiceAccountTokenError) {
    switch error {
    // As if it had not been sent: a certificate next to it stands on its own.
    case .expired, .undecided: self = .passed(.serviceAccountToken(error))
    default: self = .refused(.serviceAccountToken(error))
    }
  }
}
