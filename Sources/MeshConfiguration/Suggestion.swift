/// Guesses which name a mistyped one was meant to be.
enum Suggestion {
  /// The nearest candidate, if it is near enough to be meant.
  static func nearest(to name: String, among candidates: [String]) -> String? {
    guard name.count <= 128 else { return nil }
    let limit = max(1, name.count / 3)
    var best: (distance: Int, candidate: String)?
    for candidate in candidates.sorted() {
      let distance = distance(name.lowercased(), candidate.lowercased())
      if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.candidate
  }

  /// Levenshtein: how many characters to insert, delete or replace.
  private static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
      var next = [i + 1]
      for (j, other) in right.enumerated() {
        next.append(min(row[j + 1] + 1, next[j] + 1, row[j] + (character == other ? 0 : 1)))
      }
      row = next
    }
    return row.last ?? 0
  }
}
