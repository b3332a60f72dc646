/// Some of many, for a line that a person reads.
enum Names {
  private static let shown = 5

  static func list(_ names: some Sequence<String>) -> String {
    let all = names.sorted()
    let rest = all.count - shown
    return all.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }

  static func count(_ number: Int, _ thing: String) -> String { "\(number) \(thing)\(number == 1 ? "" : "s")" }
}
