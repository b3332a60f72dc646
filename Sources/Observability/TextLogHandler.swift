package import Logging

/// One line for a person: time, level, logger, message, then `key=value`.
package struct TextLogHandler: LogHandler {
  package var logLevel = Logger.Level.info
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let output: LogOutput
  private let now: @Sendable () -> Timestamp

  package init(
    label: String,
    output: LogOutput = .standardError,
    now: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.label = label
    self.output = output
    self.now = now
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let level = event.level.rawValue
    let padding = String(repeating: " ", count: max(0, 8 - level.count))
    var line = "\(now()) \(level)\(padding) \(label): \(Self.clean(event.message.description))"
    if let error = event.error { line += " error=\(Self.quote("\(error)"))" }
    for (key, value) in metadata(with: event).sorted(by: { $0.key < $1.key }) {
      line += " \(Self.clean(key))=\(Self.quote(value.description))"
    }
    output.write(Array(line.utf8) + [UInt8(ascii: "\n")])
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
