import KubernetesObjects

extension JSONWriter {
  /// A member whose value is an object.
  mutating func object<Failure>(
    _ key: String,
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    self.key(key)
    try object(body)
  }

  /// A member whose value is an array.
  mutating func array<Failure>(
    _ key: String,
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    self.key(key)
    try array(body)
  }
}
