/// A member's name is nearly always a literal, which the overloads for `StaticString` take without counting references.
extension JSONWriter {
  @_disfavoredOverload
  package mutating func member(_ key: String, _ string: String) {
    self.key(key)
    self.string(string)
  }

  @_disfavoredOverload
  package mutating func member(_ key: String, _ view: JSONView) {
    self.key(key)
    self.view(view)
  }

  @_disfavoredOverload
  package mutating func member(_ key: String, _ value: JSONValue) {
    self.key(key)
    self.value(value)
  }

  /// A member whose value is JSON already.
  @_disfavoredOverload
  package mutating func member(_ key: String, raw json: [UInt8]) {
    self.key(key)
    raw(json)
  }

  package mutating func member(_ key: StaticString, _ string: String) {
    self.key(key)
    self.string(string)
  }

  package mutating func member(_ key: StaticString, _ integer: Int) {
    self.key(key)
    self.integer(integer)
  }

  package mutating func member(_ key: StaticString, _ flag: Bool) {
    self.key(key)
    bool(flag)
  }

  package mutating func member(_ key: StaticString, _ value: JSONValue) {
    self.key(key)
    self.value(value)
  }

  package mutating func member(_ key: StaticString, _ view: JSONView) {
    self.key(key)
    self.view(view)
  }

  package mutating func member(_ key: StaticString, object body: (inout JSONWriter) -> Void) {
    self.key(key)
    object(body)
  }

  package mutating func member(_ key: StaticString, array body: (inout JSONWriter) -> Void) {
    self.key(key)
    array(body)
  }

  /// A member whose value is JSON already.
  package mutating func member(_ key: StaticString, raw json: [UInt8]) {
    self.key(key)
    raw(json)
  }
}
