package import NIOCore

/// Takes apart what a client sends on a call: messages, each after a byte that tells whether it is compressed and four
/// that tell its length (gRPC over HTTP/2, "Length-Prefixed-Message"). A value without I/O.
package struct MessageReader {
  package enum Failure: Error, Hashable {
    /// Known by its prefix, before any of it is kept.
    case tooLong(limit: Int)
    case compressed
    /// The client ended the call in the middle of a message.
    case incomplete
  }

  package static let prefixLength = 5

  private let limit: Int
  /// Nil between messages, so that an idle call holds no buffer.
  private var unread: ByteBuffer?

  /// - Parameter limit: bytes of a message, without its prefix.
  package init(limit: Int) { self.limit = limit }

  var isEmpty: Bool { unread == nil }
  /// Bytes that wait.
  var count: Int { unread?.readableBytes ?? 0 }

  /// Bytes of memory.
  var capacity: Int { unread?.storageCapacity ?? 0 }

  package mutating func add(_ bytes: ByteBuffer) {
    guard bytes.readableBytes > 0 else { return }
    guard var unread else {
      self.unread = bytes
      return
    }
    self.unread = nil
    // Of messages that were read, or a client whose frames end within messages would have us keep all of them.
    unread.discardReadBytes()
    unread.writeImmutableBuffer(bytes)
    self.unread = unread
  }

  /// - Returns: nil until the next message is there in full.
  package mutating func next() throws(Failure) -> ByteBuffer? {
    guard let unread, let isCompressed = unread.getInteger(at: unread.readerIndex, as: UInt8.self) else { return nil }
    guard isCompressed == 0 else { throw .compressed }
    guard let length = unread.getInteger(at: unread.readerIndex + 1, as: UInt32.self).map({ Int($0) }) else {
      return nil
    }
    guard length <= limit else { throw .tooLong(limit: limit) }
    guard unread.readableBytes >= Self.prefixLength + length else { return nil }
    var rest = unread
    rest.moveReaderIndex(forwardBy: Self.prefixLength)
    let message = rest.readSlice(length: length)
    self.unread = rest.readableBytes > 0 ? rest : nil
    return message
  }
}
