import SPIFFE

/// A trust bundle as SPIFFE publishes it: a JSON Web Key Set with a sequence number and a hint when to look again
/// (SPIFFE Trust Domain and Bundle, section 4.1).
package struct BundleDocument: Hashable, Sendable {
  /// What applies where a document gives no hint.
  package static let standardRefreshHint = Duration.seconds(300)

  package let bundle: TrustBundle
  /// Grows with each change; nil where the publisher does not count.
  package let sequence: UInt64?
  /// How often to look for changes, in whole seconds; nil where the publisher leaves it open.
  package let refreshHint: Duration?

  package init(bundle: TrustBundle, sequence: UInt64?, refreshHint: Duration?) {
    self.bundle = bundle
    self.sequence = sequence
    self.refreshHint = refreshHint.map { .seconds($0.components.seconds) }
  }
}
