/// The grammar of RFC 8259 as a loop: no recursion, so depth costs memory only, and that is limited.
///
/// Positions never pass `bytes.count`: every read of `bytes` is behind a comparison with it.
struct JSONTapeBuilder: ~Copyable {
  let bytes: UnsafeBufferPointer<UInt8>
  let maximumDepth: Int
  var tape: JSONTape
  /// The containers around the current one, outermost first.
  var enclosing: [Container] = []

  /// A container that is still open. Outside of all there is one that nothing closes.
  struct Container {
    var node: UInt32 = 0
    var count: UInt32 = 0
    var closing: UInt8 = 0
    var keys = JSONKeys()

    @inline(__always)
    var isObject: Bool { closing == UInt8(ascii: "}") }
  }

  static func build(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) throws(JSONError) -> JSONTape {
    guard bytes.count < UInt32.max else { throw JSONError(.tooLarge, at: 0) }
    if let offset = JSONEncodingCheck.firstInvalid(in: bytes) { throw JSONError(.invalidUTF8, at: offset) }
    let tape = JSONTape(capacity: bytes.count / 8 + 8)
    var builder = JSONTapeBuilder(bytes: bytes, maximumDepth: maximumDepth, tape: tape)
    builder.enclosing.reserveCapacity(16)
    try builder.text()
    return builder.tape
  }

  private mutating func text() throws(JSONError) {
    var position = skipWhitespace(0)
    guard position < bytes.count else { throw JSONError(.empty, at: 0) }
    var current = Container()
    value: while true {
      // A member or element of `current` starts at `position`.
      if current.isObject { position = try key(at: position, of: &current) }
      guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position = try string(at: position)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let opened = try open(at: position)
        position = skipWhitespace(position &+ 1)
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
        if bytes[position] == opened.closing {
          position &+= 1
          try close(opened, end: position)
        } else {
          enclosing.append(current)
          current = opened
          continue value
        }
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        position = try number(at: position)
      default:
        position = try literal(at: position)
      }
      // A value ended before `position`.
      while true {
        current.count &+= 1
        guard current.closing != 0 else { break value }
        position = skipWhitespace(position)
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
        let byte = bytes[position]
        if byte == UInt8(ascii: ",") {
          position = skipWhitespace(position &+ 1)
          continue value
        }
        guard byte == current.closing, let outer = enclosing.popLast() else {
          throw JSONError(.unexpectedByte(byte), at: position)
        }
        position &+= 1
        try close(current, end: position)
        current = outer
      }
    }
    position = skipWhitespace(position)
    guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
  }

  @inline(__always)
  private mutating func open(at position: Int) throws(JSONError) -> Container {
    guard enclosing.count < maximumDepth else { throw JSONError(.tooDeep(limit: maximumDepth), at: position) }
    let isObject = bytes[position] == UInt8(ascii: "{")
    let container = Container(
      node: UInt32(truncatingIfNeeded: tape.count),
      closing: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
    )
    append(isObject ? .object : .array, position, position)
    return container
  }

  @inline(__always)
  private mutating func close(_ container: Container, end: Int) throws(JSONError) {
    guard container.count <= JSONNode.maximumCount else { throw JSONError(.tooLarge, at: end) }
    let index = Int(container.node)
    var node = tape[index]
    node.end = UInt32(truncatingIfNeeded: end)
    node.next = UInt32(truncatingIfNeeded: tape.count)
    node.info |= container.count &<< 4
    tape[index] = node
    guard container.isObject, container.count > JSONKeys.smallObject else { return }
    if let key = JSONKeys.firstDuplicate(in: index, count: Int(container.count), bytes: bytes, tape: tape) {
      throw duplicateKey(key)
    }
  }

  /// The key that starts at `position`, its colon and the white space around that.
  @inline(__always)
  private mutating func key(at position: Int, of container: inout Container) throws(JSONError) -> Int {
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    guard bytes[position] == UInt8(ascii: "\"") else {
      throw JSONError(.unexpectedByte(bytes[position]), at: position)
    }
    let node = tape.count
    var position = try string(at: position)
    if container.count < JSONKeys.smallObject, !container.keys.insertIfSurelyNew(tape[node], bytes: bytes),
      JSONKeys.isRepeated(node, in: Int(container.node), bytes: bytes, tape: tape)
    {
      throw duplicateKey(node)
    }
    position = skipWhitespace(position)
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    guard bytes[position] == UInt8(ascii: ":") else {
      throw JSONError(.unexpectedByte(bytes[position]), at: position)
    }
    return skipWhitespace(position &+ 1)
  }

  private func duplicateKey(_ index: Int) -> JSONError {
    let node = tape[index]
    let content = UnsafeBufferPointer(rebasing: bytes[Int(node.start) + 1..<Int(node.end) - 1])
    let key = String(decoding: JSONEscapes.decoded(content), as: UTF8.self)
    return JSONError(.duplicateKey(key), at: Int(node.start))
  }

  @inline(__always)
  mutating func append(_ kind: JSONView.Kind, _ start: Int, _ end: Int, flags: UInt32 = 0) {
    tape.append(
      JSONNode(
        start: UInt32(truncatingIfNeeded: start),
        end: UInt32(truncatingIfNeeded: end),
        next: UInt32(truncatingIfNeeded: tape.count &+ 1),
        info: UInt32(kind.rawValue) | flags
      )
    )
  }

  @inline(__always)
  private func skipWhitespace(_ start: Int) -> Int {
    var position = start
    while position < bytes.count, bytes[position] <= 0x20 {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position &+= 1
      default: return position
      }
    }
    return position
  }
}
