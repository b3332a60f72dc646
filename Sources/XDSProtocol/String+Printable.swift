extension String {
  /// At most `limit` characters, with control characters as `?`: text from a client, fit for a log line.
  func printable(_ limit: Int) -> String {
    var cut = ""
    for scalar in unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: cut.unicodeScalars.append("?")
      default: cut.unicodeScalars.append(scalar)
      }
    }
    return unicodeScalars.dropFirst(limit).isEmpty ? cut : cut + "…"
  }
}
