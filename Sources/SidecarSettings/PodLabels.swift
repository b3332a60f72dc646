/// Labels as the downward API writes them into a file: a line `key="value"` for each, the value quoted as in Go.
package enum PodLabels {
  package static func parse(_ text: String) -> [String: String] {
    var labels: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let quoted = line[line.index(after: equals)...]
      guard quoted.count >= 2, quoted.hasPrefix("\""), quoted.hasSuffix("\"") else { continue }
      labels[String(line[..<equals])] = String(unescaped(quoted.dropFirst().dropLast()))
    }
    return labels
  }

  /// Values of labels need no escapes but these.
  private static func unescaped(_ text: Substring) -> String {
    var result = ""
    var isEscaped = false
    for character in text {
      if isEscaped || character != "\\" {
        result.append(character)
        isEscaped = false
      } else {
        isEscaped = true
      }
    }
    return result
  }
}
