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

  /// The element at that position; nil if there is none or this is no array. Linear in `index`.
  package subscript(_ index: Int) -> JSONView? {
    let node = node
    guard node.kind == .array, index >= 0, index < node.count else { return nil }
    var position = self.index + 1
    for _ in 0..<index { position = Int(storage.tape[position].next) }
    return JSONView(storage: storage, index: position)
  }

  package var bool: Bool? { storage.bool(at: index) }

  /// A whole number that is spelled without fraction and exponent and fits; nil for anything else.
  package var integer: Int? { storage.integer(at: index) }

  /// The string, escapes decoded; nil if this is no string.
  package var string: String? { storage.string(at: index) }

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
}

extension JSONNode {
  /// Where a string's content is, quotes left out.
  var content: Range<Int> { Int(start) + 1..<Int(end) - 1 }
}
