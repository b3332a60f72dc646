extension JSONStorage {
  /// The index of the value of an object's member.
  func member(of index: Int, _ object: JSONNode, named name: String) -> Int? {
    Self.withUTF8(name) { name in
      bytes.withUnsafeBufferPointer { bytes in
        nodes.withUnsafeBufferPointer { nodes in
          var position = index + 1
          for _ in 0..<object.count {
            if Self.content(of: nodes[position], in: bytes, equals: name) { return position + 1 }
            position = Int(nodes[position + 1].next)
          }
          return nil
        }
      }
    }
  }

  func content(of node: JSONNode, equals string: String) -> Bool {
    Self.withUTF8(string) { string in
      bytes.withUnsafeBufferPointer { Self.content(of: node, in: $0, equals: string) }
    }
  }

  func content(of node: JSONNode, hasPrefix string: String) -> Bool {
    Self.withUTF8(string) { string in
      bytes.withUnsafeBufferPointer { bytes in
        let content = UnsafeBufferPointer(rebasing: bytes[node.content])
        guard node.hasEscapes else { return content.starts(with: string) }
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
      return Int(node.end) - Int(node.start) - 2 == string.count
        && sameBytes(bytes, from: Int(node.start) + 1, string)
    }
    return JSONEscapes.decoded(UnsafeBufferPointer(rebasing: bytes[node.content])).elementsEqual(string)
  }

  /// The caller has compared the lengths.
  @inline(__always)
  private static func sameBytes(
    _ bytes: UnsafeBufferPointer<UInt8>,
    from start: Int,
    _ string: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    for offset in 0..<string.count where bytes[start &+ offset] != string[offset] { return false }
    return true
  }

  @inline(__always)
  private static func withUTF8<Result>(_ string: String, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = string.utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(string.utf8).withUnsafeBufferPointer(body)
  }
}
