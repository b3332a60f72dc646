/// One TCP port, or several in a row, both ends included.
package struct PortRange: Sendable, Hashable {
  package var first: UInt16
  package var last: UInt16

  package init(_ port: UInt16) {
    first = port
    last = port
  }

  /// Nil when `last` is before `first`.
  package init?(first: UInt16, last: UInt16) {
    guard first <= last else { return nil }
    self.first = first
    self.last = last
  }

  /// `8080` or `9000-9010`; nil if it is neither, holds port 0 or runs backwards.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let from = parts.first, let first: UInt16 = RedirectValue.decimal(from), first > 0 else { return nil }
    guard parts.count == 2 else {
      self.init(first)
      return
    }
    guard let last: UInt16 = RedirectValue.decimal(parts[1]) else { return nil }
    self.init(first: first, last: last)
  }

  /// As ``init(_:)`` reads it.
  package var text: String { first == last ? "\(first)" : "\(first)-\(last)" }

  package func contains(_ port: UInt16) -> Bool { first <= port && port <= last }
}

/// Ports by list, or all of them.
package enum PortSet: Sendable, Equatable {
  case all
  case ports([PortRange])

  /// As ``RedirectValue/portSet(_:)`` reads it.
  package var text: String {
    switch self {
    case .all: "*"
    case .ports(let ranges): ranges.map(\.text).joined(separator: ",")
    }
  }
}
