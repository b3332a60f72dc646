extension JSONWriter {
  package mutating func member(_ key: String, _ string: String) {
    self.key(key)
    self.string(string)
  }

  package mutating func member(_ key: String, _ integer: Int) {
    self.key(key)
    self.integer(integer)
  }

  package mutating func member(_ key: String, _ flag: Bool) {
    self.key(key)
    bool(flag)
  }

  package mutating func member(_ key: String, _ value: JSONValue) {
    self.key(key)
    self.value(value)
  }

  package mutating func member(_ key: String, _ view: JSONView) {
    self.key(key)
    self.view(view)
  }

  @inlinable
  package mutating func member<Failure>(
    _ key: String,
    object body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    self.key(key)
    try object(body)
  }

  @inlinable
  package mutating func member<Failure>(
    _ key: String,
    array body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    self.key(key)
    try array(body)
  }

  /// A member whose value is JSON already.
  @inlinable
  package mutating func member(_ key: String, raw json: some Collection<UInt8>) {
    self.key(key)
    raw(json)
  }
}
