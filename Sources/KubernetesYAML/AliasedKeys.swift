/// Keys of mappings that are or hold aliases, recognised from the text alone, before it is parsed.
///
/// The parser hashes every key, a collection with all that is in it, so a key made of aliases of aliases costs
/// exponential time before we see any of it. Kubernetes has string keys only: a text with enough aliases for harm that
/// uses them in keys is refused. Few aliases do no harm, and so what merely looks like one (in a script, say) is rarely hit.
enum AliasedKeys {
  /// Below this many aliases no text can grow to a size that matters.
  private static let harmless = 24

  /// The first line that could use an alias in a key, if the text has enough aliases for harm.
  static func firstLine(in text: String) -> Int? {
    guard text.utf8.contains(UInt8(ascii: "*")), text.utf8.contains(UInt8(ascii: "&")) else { return nil }
    var aliases = 0
    var suspect: Int?
    for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      let count = line.count { $0 == UInt8(ascii: "*") }
      aliases += count
      if suspect == nil, couldHoldComplexKey(line) { suspect = index + 1 }
    }
    return aliases > harmless ? suspect : nil
  }

  private static func couldHoldComplexKey(_ line: Substring.UTF8View) -> Bool {
    var previous = UInt8(ascii: " ")
    var rest = line
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "?") where opensToken(previous) && (rest.first.map(isBlank) ?? true):
        return true
      case UInt8(ascii: "*") where opensToken(previous):
        rest = rest.drop(while: isName)
        if rest.drop(while: isBlank).first == UInt8(ascii: ":") { return true }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if rest.drop(while: isBlank).first == UInt8(ascii: ":") { return true }
      default:
        break
      }
      previous = byte
    }
    return false
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private static func opensToken(_ previous: UInt8) -> Bool {
    switch previous {
    case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":"): true
    default: isBlank(previous)
    }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
