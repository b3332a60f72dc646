package import FoundationEssentials

/// When a leaf's successor is pushed.
package enum LeafSchedule {
  /// At half of its life, up to a tenth of its life earlier or later. To be drawn once per certificate and kept: drawn at
  /// every look, it would collapse to the earliest.
  ///
  /// - Parameter draw: from 0 up to 1, at random.
  package static func pushAt(issued: Date, notAfter: Date, draw: Double) -> Date {
    let life = max(notAfter.timeIntervalSince(issued), 0)
    return issued.addingTimeInterval(life * (0.4 + 0.2 * min(max(draw, 0), 1)))
  }
}
