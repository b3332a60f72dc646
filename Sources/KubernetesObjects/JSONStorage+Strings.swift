extension JSONStorage {
  /// The index of the value of the member of that name, where `index` is an object that has one.
  func member(of index: Int, named name: UnsafeBufferPointer<UInt8>) -> Int? {
    let object = tape[index]
    guard object.kind == .object else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      var position = index &+ 1
      for _ in 0..<object.count {
        if Self.content(of: tape[position], in: bytes, equals: name) { return position &+ 1 }
        position = Int(tape[position &+ 1].next)
      }
      return nil
    }
  }

  /// Whether `index` is that string.
  func string(at index: Int, equals string: UnsafeBufferPointer<UInt8>) -> Bool {
    let node = tape[index]
    guard node.kind == .string else { return false }
    return bytes.withUnsafeBufferPointer { Self.content(of: node, in: $0, equals: string) }
  }

  /// Whether `index` is a string that begins with that one.
  func string(at index: Int, hasPrefix string: UnsafeBufferPointer<UInt8>) -> Bool {
    let node = tape[index]
    guard node.kind == .string else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      let content = UnsafeBufferPointer(rebasing: bytes[node.content])
      guard node.hasEscapes else {
        return UnsafeBufferPointer(rebasing: content.prefix(string.count)).hasSameBytes(as: string)
      }
      return JSONEscapes.decoded(content).starts(with: string)
    }
  }

  /// The string at `index`, escapes decoded; nil if there is none.
  func string(at index: Int) -> String? {
    let node = tape[index]
    guard node.kind == .string else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      let content = UnsafeBufferPointer(rebasing: bytes[node.content])
      guard node.hasEscapes else { return String(decoding: content, as: UTF8.self) }
      return String(decoding: JSONEscapes.decoded(content), as: UTF8.self)
    }
  }

  func integer(at index: Int) -> Int? {
    let node = tape[index]
    guard node.kind == .number else { return nil }
    return bytes.withUnsafeBufferPointer {
      JSONNumber.integer(spelled: UnsafeBufferPointer(rebasing: $0[Int(node.start)..<Int(node.end)]))
    }
  }

  func bool(at index: Int) -> Bool? {
    let node = tape[index]
    guard node.kind == .bool else { return nil }
    return bytes[Int(node.start)] == UInt8(ascii: "t")
  }

  @inline(__always)
  static func content(
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
