package import FoundationEssentials

/// Times as RFC 3339 in UTC with whole seconds, the resolution of X.509.
package enum Timestamp {
  package static func text(_ date: Date) -> String { date.formatted(.iso8601) }

  /// Strict: only what ``text(_:)`` prints.
  package static func parse(_ text: String) -> Date? {
    guard text.utf8.count == 20, let date = try? Date(text, strategy: .iso8601), Self.text(date) == text else {
      return nil
    }
    return date
  }
}
