package import Logging

package typealias TextLogHandler = LineLogHandler<TextLogFormat>

/// One line for a person: time, level, logger, message, then `key=value`.
package enum TextLogFormat: LogLineFormat {
  package static func line(
    _ event: LogEvent,
    time: Timestamp,
    logger: String,
    metadata: [(key: String, value: Logger.MetadataValue)]
  ) -> [UInt8] {
    let level = event.level.rawValue
    let padding = String(repeating: " ", count: max(0, 8 - level.count))
    var line = "\(time) \(level)\(padding) \(logger): \(clean(event.message.description))"
    if let error = event.error { line += " error=\(quote("\(error)"))" }
    for (key, value) in metadata {
      line += " \(clean(key))=\(quote(value.description))"
    }
    return Array(line.utf8)
  }

  private static func quote(_ text: String) -> String {
    let isWord = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
    guard !isWord else { return text }
    var quoted = "\""
    for character in clean(text) {
      quoted += character == "\"" ? "\\\"" : String(character)
    }
    return quoted + "\""
  }

  /// Values come from outside: one must not start a line of its own, nor steer the terminal.
  private static func clean(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.reduce(into: "") { clean, scalar in
      if scalar == "\n" {
        clean += "\\n"
      } else if isControl(scalar) {
        clean += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        clean.unicodeScalars.append(scalar)
      }
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
  }
}
