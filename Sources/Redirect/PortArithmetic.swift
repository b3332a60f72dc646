extension PortSet {
  /// Those that remain, ascending, apart from each other.
  package func without(_ excluded: [PortRange]) -> PortSet { .ports(Ports(self, without: excluded).ranges) }
}

/// Ports in the one form that sets of them have here: ascending, apart from each other.
struct Ports: Equatable, Sendable {
  private(set) var ranges: [PortRange]

  var isEmpty: Bool { ranges.isEmpty }
  /// All ports that there are; nothing has to be matched then.
  var isAll: Bool { ranges == [Self.every] }

  private static let every = PortRange(first: 1, last: .max) ?? PortRange(.max)

  init(_ set: PortSet, without excluded: [PortRange]) {
    let included =
      switch set {
      case .all: [Self.every]
      case .ports(let ranges): Self.merged(ranges)
      }
    ranges = included
    for hole in Self.merged(excluded) { ranges = ranges.flatMap { Self.subtract(hole, from: $0) } }
  }

  func contains(_ port: UInt16) -> Bool { ranges.contains { $0.contains(port) } }

  private static func merged(_ ranges: [PortRange]) -> [PortRange] {
    var merged: [PortRange] = []
    for range in ranges.sorted(by: { $0.first < $1.first }) {
      // Wider than a port, so that the last one has a successor too.
      if let last = merged.last, UInt32(range.first) <= UInt32(last.last) + 1 {
        merged[merged.count - 1].last = max(last.last, range.last)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  private static func subtract(_ hole: PortRange, from range: PortRange) -> [PortRange] {
    guard hole.first <= range.last, range.first <= hole.last else { return [range] }
    var rest: [PortRange] = []
    if range.first < hole.first, let below = PortRange(first: range.first, last: hole.first - 1) { rest.append(below) }
    if hole.last < range.last, let above = PortRange(first: hole.last + 1, last: range.last) { rest.append(above) }
    return rest
  }
}
