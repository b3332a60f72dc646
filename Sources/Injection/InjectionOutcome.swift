/// What becomes of a Pod.
package struct InjectionOutcome: Sendable, Equatable {
  package enum Verdict: String, Sendable, CaseIterable {
    /// The Pod has a sidecar once the patch is applied; no patch: it had it already.
    case injected
    /// The Pod stays as it is.
    case skipped
    /// The Pod may not be created.
    case denied
  }

  package var reason: InjectionReason
  /// For a person: why, and for a denial the cure.
  package var message: String
  /// RFC 6902, serialised; nil when there is nothing to change.
  package var patch: [UInt8]?
  /// What the Pod's author should know: at most ``maximumWarnings`` of at most 120 characters, as the API server asks.
  package var warnings: [String]

  package static let maximumWarnings = 16

  package var verdict: Verdict { reason.verdict }

  package init(reason: InjectionReason, message: String? = nil, patch: [UInt8]? = nil, warnings: [String] = []) {
    self.reason = reason
    self.message = message ?? reason.summary
    self.patch = patch
    self.warnings = warnings
  }
}

/// Why a Pod may not be created; `message` ends with the cure.
struct Denial: Error, Equatable {
  var reason: InjectionReason
  var message: String
}
