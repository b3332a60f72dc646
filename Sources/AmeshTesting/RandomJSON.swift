package import KubernetesObjects

extension JSONValue {
  /// A value of any shape: unusual strings, keys and numbers come often.
  package static func random(depth: Int, using random: inout SeededRandom) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 5), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .number(JSONNumber(randomInteger(using: &random)))
    case 3: return .number(randomNumber(using: &random))
    case 4: return .string(randomString(using: &random))
    case 5, 6:
      return .array(
        (0..<Int.random(in: 0...6, using: &random)).map { _ in self.random(depth: depth - 1, using: &random) }
      )
    default:
      let isLarge = Int.random(in: 0..<20, using: &random) == 0
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...(isLarge ? 60 : 6), using: &random) {
        object[randomString(using: &random)] = self.random(depth: isLarge ? 0 : depth - 1, using: &random)
      }
      return .object(object)
    }
  }

  private static func randomInteger(using random: inout SeededRandom) -> Int {
    Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<64, using: &random)
  }

  private static func randomNumber(using random: inout SeededRandom) -> JSONNumber {
    let whole = randomInteger(using: &random)
    let fraction = UInt32.random(in: 0...UInt32.max, using: &random)
    let exponent = Int.random(in: -400...400, using: &random)
    let spellings = ["\(whole).\(fraction)", "\(whole)e\(exponent)", "\(whole).\(fraction)E\(exponent)", "-0", "0.0"]
    return spellings.randomElement(using: &random).flatMap { JSONNumber(spelling: $0) } ?? JSONNumber(0)
  }

  private static func randomString(using random: inout SeededRandom) -> String {
    let pieces = [
      "name", "a", "containers", "\"", "\\", "/", "\n", "\t", "\u{0}", "\u{1F}", "é", "e\u{301}", "€", "😀",
      "\u{10FFFF}",
      "\u{2028}", " ", "app.kubernetes.io/name", "0123456789", "\\u0041", "~", "{}", "[1,2]", "\u{7F}",
    ]
    return (0..<Int.random(in: 0...5, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
  }
}
