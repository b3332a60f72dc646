import Foundation

/// Colours, only where someone looks and has not asked for none (https://no-color.org).
enum Style: String {
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"

  func apply(_ text: String, on descriptor: Int32) -> String {
    let wanted = isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
    return wanted ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text
  }
}
