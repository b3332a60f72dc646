/// Writes JSON text straight into bytes; commas are its business, the order of calls the caller's.
package struct JSONWriter: ~Copyable {
  private var output: JSONOutput
  private var needsComma = false

  package init(reservingCapacity capacity: Int = 0) {
    output = JSONOutput(capacity: capacity)
  }

  /// What was written so far; a copy, so ask once.
  package var bytes: [UInt8] { output.withBytes { Array($0) } }

  /// The same as a string.
  package var text: String { output.withBytes { String(decoding: $0, as: UTF8.self) } }

  /// The number of bytes so far.
  package var count: Int { output.count }

  package mutating func string(_ string: String) {
    string.withUTF8Bytes { output.appendQuoted($0, comma: needsComma, colon: false) }
    needsComma = true
  }

  /// A string whose UTF-8 is there already.
  package mutating func string(utf8 bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { output.appendQuoted($0, comma: needsComma, colon: false) }
    needsComma = true
  }

  /// A string of characters that need no escape and that `body` writes; it returns how many, `limit` at most.
  mutating func quoted(atMost limit: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
    output.append(UInt8(ascii: "\""), comma: needsComma)
    output.append(atMost: limit, body)
    output.append(UInt8(ascii: "\""))
    needsComma = true
  }

  package mutating func integer(_ integer: Int) {
    guard integer < 0 || integer >= 10 else {
      separate()
      return output.append(UInt8(ascii: "0") + UInt8(integer))
    }
    plain(String(integer))
  }

  package mutating func bool(_ flag: Bool) { plain(flag ? "true" : "false") }

  package mutating func null() { plain("null") }

  private mutating func plain(_ literal: StaticString) { token(literal.utf8Bytes) }

  /// One value that is JSON already.
  package mutating func raw(_ json: [UInt8]) { json.withUnsafeBufferPointer { token($0) } }

  package mutating func raw(_ json: ArraySlice<UInt8>) { json.withUnsafeBufferPointer { token($0) } }

  package mutating func view(_ view: JSONView) { raw(view.source) }

  /// The beginning of a value, up to where another value follows: after a colon or an opening bracket.
  package mutating func beginning(_ json: StaticString) {
    token(json.utf8Bytes)
    needsComma = false
  }

  /// What follows ``raw(_:)`` with a value that was not complete.
  package mutating func rest(_ json: [UInt8]) {
    needsComma = false
    raw(json)
  }

  @_disfavoredOverload
  private mutating func plain(_ text: String) {
    text.withUTF8Bytes { token($0) }
  }

  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let flag): bool(flag)
    case .number(let number): plain(number.spelling)
    case .string(let text): string(text)
    case .array(let elements):
      array { writer in
        for element in elements { writer.value(element) }
      }
    case .object(let members):
      object { writer in
        for (key, value) in members {
          writer.key(key)
          writer.value(value)
        }
      }
    }
  }

  /// An object whose members `body` writes.
  package mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginObject()
    body(&self)
    endObject()
  }

  /// An array whose elements `body` writes.
  package mutating func array(_ body: (inout JSONWriter) -> Void) {
    beginArray()
    body(&self)
    endArray()
  }

  /// Opens an object whose members are written next; ``endObject()`` closes it.
  package mutating func beginObject() { open(UInt8(ascii: "{")) }

  package mutating func endObject() { close(UInt8(ascii: "}")) }

  /// Opens an array whose elements are written next; ``endArray()`` closes it.
  package mutating func beginArray() { open(UInt8(ascii: "[")) }

  package mutating func endArray() { close(UInt8(ascii: "]")) }

  /// The name of the member whose value is written next.
  package mutating func key(_ key: StaticString) {
    output.appendQuoted(key.utf8Bytes, comma: needsComma, colon: true)
    needsComma = false
  }

  @_disfavoredOverload
  package mutating func key(_ key: String) {
    key.withUTF8Bytes { output.appendQuoted($0, comma: needsComma, colon: true) }
    needsComma = false
  }

  /// The same, spelled as it stands in a document.
  package mutating func key(_ key: JSONView) {
    view(key)
    output.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// The members of an object as they are spelled, but `body`'s in the place of `replaced`, and none for `dropped`.
  package mutating func members(
    of object: JSONView,
    replacing replaced: String,
    without dropped: StaticString,
    by body: (inout JSONWriter) -> Void
  ) {
    let storage = object.storage
    let node = object.node
    guard node.kind == .object else { return }
    storage.bytes.withUnsafeBufferPointer { bytes in
      var position = object.index + 1
      for _ in 0..<node.count {
        let key = storage.tape[position]
        let value = storage.tape[position + 1]
        position = Int(value.next)
        if replaced.withUTF8Bytes({ JSONStorage.content(of: key, in: bytes, equals: $0) }) {
          body(&self)
        } else if !JSONStorage.content(of: key, in: bytes, equals: dropped.utf8Bytes) {
          token(UnsafeBufferPointer(rebasing: bytes[Int(key.start)..<Int(key.end)]))
          output.append(UInt8(ascii: ":"))
          needsComma = false
          token(UnsafeBufferPointer(rebasing: bytes[Int(value.start)..<Int(value.end)]))
        }
      }
    }
  }

  private mutating func token(_ json: UnsafeBufferPointer<UInt8>) {
    output.append(json, comma: needsComma)
    needsComma = true
  }

  private mutating func open(_ bracket: UInt8) {
    output.append(bracket, comma: needsComma)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    output.append(bracket)
    needsComma = true
  }

  @inline(__always)
  private mutating func separate() {
    if needsComma { output.append(UInt8(ascii: ",")) }
    needsComma = true
  }
}
