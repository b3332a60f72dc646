package import FoundationEssentials

/// From when until when a certificate may be used, both ends included, in whole seconds (RFC 5280, section 4.1.2.5).
package struct ValidityPeriod: Hashable, Sendable {
  package let notBefore: Date
  package let notAfter: Date

  /// Fractions of a second are cut off, at both ends towards the past.
  package init(notBefore: Date, notAfter: Date) {
    self.notBefore = notBefore.wholeSeconds
    self.notAfter = notAfter.wholeSeconds
  }

  package func contains(_ moment: Date) -> Bool { notBefore <= moment && moment <= notAfter }
}

extension Date {
  /// The last whole second that is not after the moment.
  var wholeSeconds: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}

extension Duration {
  /// Whole seconds as a time interval; what is below a second is cut off.
  var wholeSeconds: TimeInterval { TimeInterval(components.seconds) }
}

extension ValidityPeriod: CustomStringConvertible {
  package var description: String {
    "valid from \(notBefore.formatted(.iso8601)) until \(notAfter.formatted(.iso8601))"
  }
}
