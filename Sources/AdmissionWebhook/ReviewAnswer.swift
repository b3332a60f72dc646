package import Injection

/// The answer to one review, and what there is to tell about it in metrics and logs.
package struct ReviewAnswer: Sendable, Equatable {
  /// The body of the HTTP response.
  package var body: [UInt8]
  package var verdict: InjectionOutcome.Verdict
  package var reason: ReviewReason
  /// For a person; empty when there is nothing to say.
  package var message: String
  /// Bytes of the patch before base64; 0 without one.
  package var patchBytes: Int
}

/// Why a review was answered as it was: a row of the injector's table, or why the injector was not asked.
package enum ReviewReason: Sendable, Hashable {
  case injection(InjectionReason)
  /// Anything but CREATE.
  case unhandledOperation
  /// Anything but a Pod.
  case unhandledKind
  /// A subresource of a Pod.
  case unhandledSubresource
  /// The review lacks what a decision needs.
  case malformed

  /// The value of the metrics' label and of the audit annotation.
  package var label: String {
    switch self {
    case .injection(let reason): reason.rawValue
    case .unhandledOperation: "unhandled-operation"
    case .unhandledKind: "unhandled-kind"
    case .unhandledSubresource: "unhandled-subresource"
    case .malformed: "malformed"
    }
  }
}
