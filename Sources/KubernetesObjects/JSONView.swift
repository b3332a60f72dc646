/// A value inside a ``JSONDocument``; cheap to copy, keeps the document alive.
package struct JSONView: Sendable {
  package enum Kind: UInt8, Sendable { case null, bool, number, string, array, object }

  let storage: JSONStorage
  let index: Int

  var node: JSONNode { storage.tape[index] }

  package var kind: Kind { node.kind }

  package var isNull: Bool { kind == .null }

  /// The number of members or elements; 0 for anything else.
  package var count: Int { node.count }

  /// The value's bytes as spelled in the text, quotes included.
  package var source: ArraySlice<UInt8> { storage.bytes[Int(node.start)..<Int(node.end)] }

  /// The member of that name; nil if there is none or this is no object.
  package subscript(_ key: String) -> JSONView? {
    let node = node
    guard node.kind == .object, let found = storage.member(of: index, node, named: key) else { return nil }
    return JSONView(storage: storage, index: found)
  }

  /// The element at that position; nil if there is none or this is no array. Linear in `index`.
  package subscript(_ index: Int) -> JSONView? {
    let node = node
    guard node.kind == .array, index >= 0, index < node.count else { return nil }
    var position = self.index + 1
    for _ in 0..<index { position = Int(storage.tape[position].next) }
    return JSONView(storage: storage, index: position)
  }

  package var bool: Bool? {
    let node = node
    guard node.kind == .bool else { return nil }
    return storage.bytes[Int(node.start)] == UInt8(ascii: "t")
  }

  /// A whole number that is spelled without fraction and exponent and fits; nil for anything else.
  package var integer: Int? {
    let node = node
    guard node.kind == .number else { return nil }
    return JSONNumber.integer(spelled: storage.bytes[Int(node.start)..<Int(node.end)])
  }

  /// The string, escapes decoded; nil if this is no string.
  package var string: String? {
    let node = node
    guard node.kind == .string else { return nil }
    return storage.bytes.withUnsafeBufferPointer { bytes in
      let content = UnsafeBufferPointer(rebasing: bytes[node.content])
      guard node.hasEscapes else { return String(decoding: content, as: UTF8.self) }
      return String(decoding: JSONEscapes.decoded(content), as: UTF8.self)
    }
  }

  /// Whether this is that string, byte for byte once escapes are decoded.
  package func equals(_ string: String) -> Bool {
    let node = node
    guard node.kind == .string else { return false }
    return storage.content(of: node, equals: string)
  }

  /// Whether this has a member of that name which is that string; as ``equals(_:)``, and without a view in between.
  package func has(_ key: String, _ string: String) -> Bool {
    let node = node
    guard node.kind == .object, let found = storage.member(of: index, node, named: key) else { return false }
    let value = storage.tape[found]
    return value.kind == .string && storage.content(of: value, equals: string)
  }

  /// The kind of the member of that name, without a view in between; nil if there is none or this is no object.
  package func kind(of key: String) -> Kind? {
    let node = node
    guard node.kind == .object, let found = storage.member(of: index, node, named: key) else { return nil }
    return storage.tape[found].kind
  }

  /// Whether each member is of one of these kinds; true if this is no object.
  package func hasOnly(_ one: Kind, _ other: Kind) -> Bool {
    let node = node
    guard node.kind == .object else { return true }
    var position = index + 1
    for _ in 0..<node.count {
      let value = storage.tape[position + 1]
      guard value.kind == one || value.kind == other else { return false }
      position = Int(value.next)
    }
    return true
  }

  /// Whether this is a string that starts with that one, byte for byte once escapes are decoded.
  package func hasPrefix(_ string: String) -> Bool {
    let node = node
    guard node.kind == .string else { return false }
    return storage.content(of: node, hasPrefix: string)
  }
}

extension JSONNode {
  /// Where a string's content is, quotes left out.
  var content: Range<Int> { Int(start) + 1..<Int(end) - 1 }
}
