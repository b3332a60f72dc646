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
    storage = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
      JSONStorage(bytes: bytes, tape: try JSONTapeBuilder.build(buffer, maximumDepth: maximumDepth))
    }
  }

  package var root: JSONView { JSONView(storage: storage, index: 0) }

  /// The text as it was given.
  package var bytes: [UInt8] { storage.bytes }
}

/// What a document's views share.
final class JSONStorage: Sendable {
  let bytes: [UInt8]
  let tape: JSONTape

  init(bytes: [UInt8], tape: consuming JSONTape) {
    self.bytes = bytes
    self.tape = tape
  }
}
