/// Values as people write them.
enum SettingText {
  static func port(_ text: String) throws(SettingProblem) -> Int {
    guard let port = UInt16(text), port > 0 else { throw SettingProblem("\"\(text.prefix(40))\" is no port number") }
    return Int(port)
  }

  /// `200ms`, `2s`, or seconds without a unit, as the first Amesh had them.
  static func duration(_ text: String) throws(SettingProblem) -> Duration {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let unit = text[digits.endIndex...]
    guard let number = UInt32(digits), number <= 3_600_000, unit == "ms" || unit == "s" || unit == "" else {
      throw SettingProblem("\"\(text.prefix(40))\" is no duration; write 200ms or 2s")
    }
    return unit == "ms" ? .milliseconds(Int64(number)) : .seconds(Int64(number))
  }
}

extension String {
  var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace ?? false { text.removeFirst() }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return String(text)
  }
}
