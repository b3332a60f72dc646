/// A parsed JSON text that is never written back: an index over its own bytes.
///
/// Parsing follows RFC 8259 strictly and refuses what its readers would disagree about: duplicate keys (compared
/// decoded), lone surrogates, invalid UTF-8, byte order marks. Nothing is decoded until it is asked for.
package struct JSONDocument: Sendable {
  let storage: JSONStorage

  /// Parses one JSON text.
  ///
  /// - Parameters:
  ///   - bytes: The whole text, less than 4 GiB.
  ///   - maximumDepth: How many arrays and objects may be open at once.
  package init(parsing bytes: [UInt8], maximumDepth: Int = 128) throws(JSONError) {
    let nodes = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
      try JSONTapeBuilder.build(buffer, maximumDepth: maximumDepth)
    }
    storage = JSONStorage(bytes: bytes, nodes: nodes)
  }

  package var root: JSONView { JSONView(storage: storage, index: 0) }

  /// The text as it was given.
  package var bytes: [UInt8] { storage.bytes }
}

/// What a document's views share.
final class JSONStorage: Sendable {
  let bytes: [UInt8]
  let nodes: [JSONNode]

  init(bytes: [UInt8], nodes: [JSONNode]) {
    self.bytes = bytes
    self.nodes = nodes
  }
}

/// One value or key on the tape, in the order of the text. A container is followed by its members (key, value, key,
/// value, …) or elements.
struct JSONNode: Sendable {
  /// The first byte of the value as spelled.
  var start: UInt32
  /// The byte after the value as spelled.
  var end: UInt32
  /// The index of the node after this value and all that is in it.
  var next: UInt32
  /// Bits 0–2: kind. Bit 3: a string with escapes. Bits 4–31: number of members or elements.
  var info: UInt32

  static let escaped: UInt32 = 8
  static let maximumCount = 1 << 28 - 1

  var kind: JSONView.Kind { JSONView.Kind(rawValue: UInt8(truncatingIfNeeded: info & 7)) ?? .null }
  var hasEscapes: Bool { info & Self.escaped != 0 }
  var count: Int { Int(info >> 4) }
}
