extension String {
  /// Equality byte for byte; `==` takes different spellings of the same characters for equal.
  func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
