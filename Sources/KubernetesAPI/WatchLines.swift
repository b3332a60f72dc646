/// Puts the lines of a watch together from pieces that are cut anywhere.
struct WatchLines: Sendable {
  /// Of one line, in bytes.
  private let limit: Int
  private var pending: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  /// Whether the last piece ended within a line.
  var isWithinLine: Bool { !pending.isEmpty }

  /// Takes a piece and gives the lines that it completes, empty ones left out.
  mutating func append(_ piece: some Collection<UInt8>) throws(APIError) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = piece[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      try add(rest[..<end])
      if !pending.isEmpty { lines.append(pending) }
      pending = []
      rest = rest[rest.index(after: end)...]
    }
    try add(rest)
    return lines
  }

  private mutating func add(_ piece: some Collection<UInt8>) throws(APIError) {
    guard piece.count <= limit - pending.count else {
      throw .transport(TransportError(.tooLarge, "an event of a watch has more than \(limit) bytes"))
    }
    pending += piece
  }
}
