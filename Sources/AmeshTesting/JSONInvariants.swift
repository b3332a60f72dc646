import KubernetesObjects

/// What has to hold of any bytes at all, for tests and fuzzing.
package enum JSONInvariants {
  package struct Violation: Error, CustomStringConvertible {
    package var description: String
  }

  /// Throws where an invariant does not hold; bytes that are refused are fine.
  package static func check(_ bytes: [UInt8]) throws(Violation) {
    guard let document = try? JSONDocument(parsing: bytes) else { return }
    let root = document.root
    let value = root.value
    let written = value.serialized()
    let again = try? JSONDocument(parsing: written)
    try expect(again?.root.value == value, "what was written reads as another value", bytes)
    try expect(again?.root.value.serialized() == written, "writing again gives another text", bytes)
    try expect(again.map { root.semanticallyEquals($0.root) } == true, "views of the same value differ", bytes)
    try expect((try? JSONValue(parsing: value.serialized(indent: 1))) == value, "pretty text is another value", bytes)
    try expect((try? JSONValue(parsing: Array(root.source))) == value, "the source is another value", bytes)
    try walk(root, bytes)
  }

  private static func walk(_ view: JSONView, _ bytes: [UInt8]) throws(Violation) {
    var count = 0
    for (key, value) in view.members {
      count += 1
      let name = key.string ?? ""
      try expect(key.equals(name) && key.hasPrefix(name), "a key is not its own string", bytes)
      // Looking each up would be quadratic in a large object.
      if count <= 64 { try expect(view[name]?.source == value.source, "a member is not found", bytes) }
      try walk(value, bytes)
    }
    for element in view.elements {
      if count < 64 { try expect(view[count]?.source == element.source, "an element is not found", bytes) }
      count += 1
      try walk(element, bytes)
    }
    try expect(count == view.count, "the count is wrong", bytes)
    try expect(view.string.map(view.equals) ?? true, "a string differs from itself", bytes)
  }

  private static func expect(_ holds: Bool, _ otherwise: String, _ bytes: [UInt8]) throws(Violation) {
    if !holds { throw Violation(description: "\(otherwise): \(bytes)") }
  }
}
