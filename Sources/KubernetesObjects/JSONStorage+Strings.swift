extension JSONStorage {
  /// The index of the value of an object's member.
  func member(of index: Int, _ object: JSONNode, named name: String) -> Int? {
    name.withUTF8Bytes { name in
      bytes.withUnsafeBufferPointer { bytes in
        var position = index &+ 1
        for _ in 0..<object.count {
          if Self.content(of: tape[position], in: bytes, equals: name) { return position &+ 1 }
          position = Int(tape[position &+ 1].next)
        }
        return nil
      }
    }
  }

  func content(of node: JSONNode, equals string: String) -> Bool {
    string.withUTF8Bytes { string in
      bytes.withUnsafeBufferPointer { Self.content(of: node, in: $0, equals: string) }
    }
  }

  func content(of node: JSONNode, hasPrefix string: String) -> Bool {
    string.withUTF8Bytes { string in
      bytes.withUnsafeBufferPointer { bytes in
        let content = UnsafeBufferPointer(rebasing: bytes[node.content])
        guard node.hasEscapes else {
          return UnsafeBufferPointer(rebasing: content.prefix(string.count)).hasSameBytes(as: string)
        }
        return JSONEscapes.decoded(content).starts(with: string)
      }
    }
  }

  @inline(__always)
  private static func content(
    of node: JSONNode,
    in bytes: UnsafeBufferPointer<UInt8>,
    equals string: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard node.hasEscapes else {
      let count = Int(node.end) &- Int(node.start) &- 2
      guard count == string.count else { return false }
      return UnsafeBufferPointer(rebasing: bytes[node.content]).hasSameBytes(as: string)
    }
    return JSONEscapes.decoded(UnsafeBufferPointer(rebasing: bytes[node.content])).elementsEqual(string)
  }
}
