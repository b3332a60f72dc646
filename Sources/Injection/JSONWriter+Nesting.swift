import KubernetesObjects

extension JSONWriter {
  /// A member whose value is an object.
  mutating func object(_ key: StaticString, _ body: (inout JSONWriter) -> Void) {
    self.key(key)
    object(body)
  }

  /// A member whose value is an array.
  mutating func array(_ key: StaticString, _ body: (inout JSONWriter) -> Void) {
    self.key(key)
    array(body)
  }
}
