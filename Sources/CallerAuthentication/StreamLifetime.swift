package import FoundationEssentials

/// How long a stream lives on what was shown when it was opened.
package struct StreamLifetime: Hashable, Sendable {
  /// How long a stream goes on after its credential has expired.
  package let afterExpiry: Duration
  /// How long a stream lives at most after the last authentication by token, whatever the credential says.
  package let maximum: Duration

  package init(afterExpiry: Duration = .seconds(3600), maximum: Duration = .seconds(24 * 3600)) {
    self.afterExpiry = max(.zero, afterExpiry)
    self.maximum = max(.zero, maximum)
  }

  /// When a stream of this caller ends unless it authenticates anew.
  package func deadline(for caller: Caller) -> Date {
    let latest = caller.lastTokenAuthentication + maximum.wholeSeconds
    guard let expiry = caller.credentialExpiry else { return latest }
    return min(latest, expiry + afterExpiry.wholeSeconds)
  }
}
