/// A piece of what a stranger sent, quoted and cut, fit for one line of a log.
struct Excerpt: CustomStringConvertible {
  private static let maximumLength = 128

  let description: String

  init(_ value: some Any) {
    let text = (value as? String).map { String(reflecting: $0) } ?? "\(value)"
    let scalars = text.unicodeScalars
    let visible = scalars.prefix(Self.maximumLength).map {
      (0x20...0x7E).contains($0.value) ? Character($0) : "\u{FFFD}"
    }
    description = String(visible) + (scalars.count > Self.maximumLength ? "…" : "")
  }
}
