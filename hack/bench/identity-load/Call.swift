import NIOCore
import NIOHTTP2
import SwiftProtobuf

/// How a call ended, by gRPC's codes.
struct CallStatus: Hashable, CustomStringConvertible {
  var code: Int
  var message: String

  static let cancelled = CallStatus(code: 1, message: "cancelled here")
  static func unavailable(_ message: String) -> CallStatus { CallStatus(code: 14, message: message) }

  var isOK: Bool { code == 0 }
  var description: String { "status \(code): \(message)" }
}

/// One gRPC call: messages with their length before them.
final class Call {
  private static let window = 1 << 20

  private var connection: Connection?
  private var id = HTTP2StreamID.rootStream
  private var buffer = ByteBuffer()
  private var consumed = 0
  private var onMessage: (ByteBuffer) -> Void
  private var onEnd: (CallStatus) -> Void

  /// - Parameter onEnd: called once, whoever ends the call.
  init(onMessage: @escaping (ByteBuffer) -> Void, onEnd: @escaping (CallStatus) -> Void) {
    self.onMessage = onMessage
    self.onEnd = onEnd
  }

  func attach(_ connection: Connection, _ id: HTTP2StreamID) {
    self.connection = connection
    self.id = id
  }

  func send(_ bytes: ByteBuffer, end: Bool = false) { connection?.send(bytes, on: id, end: end) }

  func cancel() { connection?.reset(id) }

  /// - Returns: by how much the stream's window is to grow again.
  func consume(_ bytes: ByteBuffer) -> Int? {
    buffer.writeImmutableBuffer(bytes)
    while let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self),
      buffer.readableBytes >= 5 + Int(length)
    {
      buffer.moveReaderIndex(forwardBy: 5)
      if let message = buffer.readSlice(length: Int(length)) { onMessage(message) }
    }
    if buffer.readableBytes == 0 { buffer = ByteBuffer() }
    consumed += bytes.readableBytes
    guard consumed > Self.window / 2 else { return nil }
    defer { consumed = 0 }
    return consumed
  }

  func end(_ status: CallStatus) {
    connection = nil
    let onEnd = onEnd
    (onMessage, self.onEnd) = ({ _ in }, { _ in })
    onEnd(status)
  }
}

extension ByteBuffer {
  /// A message as gRPC puts it on the wire.
  init(framing message: some Message) throws {
    let bytes: [UInt8] = try message.serializedBytes()
    self.init()
    writeInteger(UInt8(0))
    writeInteger(UInt32(bytes.count))
    writeBytes(bytes)
  }

  func decoded<M: Message>(as type: M.Type = M.self) throws -> M { try M(serializedBytes: Array(readableBytesView)) }
}
