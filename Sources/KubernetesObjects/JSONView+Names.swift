/// Look-ups by a name, and comparisons with a text. A literal goes to the overloads for `StaticString`, which count no
/// references; strings are compared byte for byte once escapes are decoded.
extension JSONView {
  /// The member of that name; nil if there is none or this is no object.
  package subscript(_ key: StaticString) -> JSONView? { member(key.utf8Bytes) }

  @_disfavoredOverload
  package subscript(_ key: String) -> JSONView? { key.withUTF8Bytes { member($0) } }

  /// Whether this is that string.
  package func equals(_ string: StaticString) -> Bool { storage.string(at: index, equals: string.utf8Bytes) }

  @_disfavoredOverload
  package func equals(_ string: String) -> Bool {
    string.withUTF8Bytes { storage.string(at: index, equals: $0) }
  }

  /// Whether this is a string that starts with that one.
  package func hasPrefix(_ string: StaticString) -> Bool { storage.string(at: index, hasPrefix: string.utf8Bytes) }

  @_disfavoredOverload
  package func hasPrefix(_ string: String) -> Bool {
    string.withUTF8Bytes { storage.string(at: index, hasPrefix: $0) }
  }

  /// Whether a member's name starts with that text.
  package func hasKey(startingWith prefix: String) -> Bool {
    let object = node
    guard object.kind == .object else { return false }
    return prefix.withUTF8Bytes { prefix in
      var position = index + 1
      for _ in 0..<object.count {
        if storage.string(at: position, hasPrefix: prefix) { return true }
        position = Int(storage.tape[position + 1].next)
      }
      return false
    }
  }

  private func member(_ name: UnsafeBufferPointer<UInt8>) -> JSONView? {
    storage.member(of: index, named: name).map { JSONView(storage: storage, index: $0) }
  }
}

/// What a member is, without a view in between; nil or false if there is none or this is no object.
extension JSONView {
  /// Whether there is a member of that name which is that string.
  package func has(_ key: StaticString, _ string: StaticString) -> Bool {
    guard let found = storage.member(of: index, named: key.utf8Bytes) else { return false }
    return storage.string(at: found, equals: string.utf8Bytes)
  }

  @_disfavoredOverload
  package func has(_ key: StaticString, _ string: String) -> Bool {
    guard let found = storage.member(of: index, named: key.utf8Bytes) else { return false }
    return string.withUTF8Bytes { storage.string(at: found, equals: $0) }
  }

  package func has(_ key: StaticString) -> Bool { storage.member(of: index, named: key.utf8Bytes) != nil }

  @_disfavoredOverload
  package func has(_ key: String) -> Bool {
    key.withUTF8Bytes { storage.member(of: index, named: $0) } != nil
  }

  package func kind(of key: StaticString) -> Kind? {
    storage.member(of: index, named: key.utf8Bytes).map { storage.tape[$0].kind }
  }

  @_disfavoredOverload
  package func kind(of key: String) -> Kind? {
    key.withUTF8Bytes { storage.member(of: index, named: $0) }.map { storage.tape[$0].kind }
  }

  package func string(of key: StaticString) -> String? {
    storage.member(of: index, named: key.utf8Bytes).flatMap { storage.string(at: $0) }
  }

  @_disfavoredOverload
  package func string(of key: String) -> String? {
    key.withUTF8Bytes { storage.member(of: index, named: $0) }.flatMap { storage.string(at: $0) }
  }

  package func integer(of key: StaticString) -> Int? {
    storage.member(of: index, named: key.utf8Bytes).flatMap { storage.integer(at: $0) }
  }

  package func bool(of key: StaticString) -> Bool? {
    storage.member(of: index, named: key.utf8Bytes).flatMap { storage.bool(at: $0) }
  }

  /// The number of members or elements of the member of that name; 0 where it has none.
  package func count(of key: StaticString) -> Int {
    storage.member(of: index, named: key.utf8Bytes).map { storage.tape[$0].count } ?? 0
  }
}
