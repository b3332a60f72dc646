package import FoundationEssentials

/// One way of proving who calls.
package protocol AuthenticationMethod: Sendable {
  /// Judges what a caller shows; throws nothing, and waits for others within narrow bounds only.
  func judge(_ credentials: Credentials, at now: Date) async -> AuthenticationVerdict
}

/// What one method says of a caller.
package enum AuthenticationVerdict: Sendable {
  /// The caller shows nothing of this kind: the next method is asked.
  case notApplicable
  /// What the caller shows proves nothing, but is no sign of anything bad: the next method is asked, and if none
  /// decides, this was the reason.
  case passed(AuthenticationFailure)
  /// The end: the caller is who it says.
  case authenticated(Caller)
  /// The end: no other method is asked.
  case refused(AuthenticationFailure)
}
