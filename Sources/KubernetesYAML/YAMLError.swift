/// Why a text is not a YAML stream that we accept; the description says where and what to do.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  package var message: String
  /// Where; nil when it concerns the whole text.
  package var mark: SourceMark?

  package init(_ message: String, at mark: SourceMark? = nil) {
    self.message = message
    self.mark = mark
  }

  package var description: String {
    guard let mark else { return message }
    return "line \(mark.line), column \(mark.column): \(message)"
  }
}
