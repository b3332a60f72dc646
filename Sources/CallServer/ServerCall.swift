package import GRPCCore
package import NIOCore
import NIOHPACK
import NIOHTTP2
package import SwiftProtobuf

/// One call, as its method sees it. Lives on the event loop of its connection; takes no task and no channel of its own, so
/// that an idle stream costs next to nothing.
package final class ServerCall {
  /// Bytes that were sent and not written, above which nothing more is heard.
  private static let highWater = 64 << 10

  package let eventLoop: any EventLoop
  let executor: LoopExecutor
  private let id: HTTP2StreamID
  private var connection: CallConnection?
  private var receiver: (any CallReceiver)?
  /// Counts the call among its caller's.
  private var place: AnyObject?
  private var reader: MessageReader
  private var timer: Scheduled<Void>?
  private var unwritten = 0
  private var mustDrain = false
  private var hasBegun = false
  private var hasClientEnded = false
  private var toldEnd = false
  private var isDelivering = false

  init(_ id: HTTP2StreamID, on connection: CallConnection, eventLoop: any EventLoop, executor: LoopExecutor, limit: Int)
  {
    self.id = id
    self.connection = connection
    self.eventLoop = eventLoop
    self.executor = executor
    reader = MessageReader(limit: limit)
  }

  var isOver: Bool { connection == nil }
  /// Whether more may be sent now; where not, the receiver is told when it may.
  package var isWritable: Bool { !mustDrain }

  /// From here on the receiver gets what comes, and what has come.
  ///
  /// - Parameter place: kept until all that the call has said is gone.
  package func deliver(to receiver: any CallReceiver, in place: AnyObject) {
    guard !isOver else { return receiver.closed() }
    self.receiver = receiver
    self.place = place
    deliver()
  }

  /// Initial metadata, before the first message.
  package func begin(_ metadata: Metadata) {
    guard let connection, !hasBegun else { return }
    hasBegun = true
    connection.write(.headers(.init(headers: .beginning(metadata))), on: id)
  }

  package func send(_ message: some Message) {
    guard let bytes: [UInt8] = try? message.serializedBytes(), let length = UInt32(exactly: bytes.count) else {
      return finish(RPCError(code: .internalError, message: "the answer can't be written"))
    }
    begin([:])
    guard let connection else { return }
    var buffer = connection.buffer(capacity: bytes.count + MessageReader.prefixLength)
    buffer.writeInteger(UInt8(0))
    buffer.writeInteger(length)
    buffer.writeBytes(bytes)
    let count = buffer.readableBytes
    unwritten += count
    if unwritten >= Self.highWater { mustDrain = true }
    connection.write(data: buffer, on: id) { self.wrote(count) }
  }

  /// All there is to say.
  package func answer(_ message: some Message, _ metadata: Metadata = [:]) {
    connection?.gather {
      begin(metadata)
      send(message)
      finish()
    }
  }

  /// Ends the call; what was sent goes out before.
  package func finish(_ error: RPCError? = nil) {
    guard let connection else { return }
    let headers: HPACKHeaders
    if let error, !hasBegun {
      headers = .only(error)
    } else {
      begin([:])
      headers = .end(error)
    }
    connection.finish(id, headers, isClientDone: hasClientEnded, place: place)
    close()
  }

  /// Ends what is no call of gRPC, in HTTP's words.
  func refuse(_ headers: HPACKHeaders) {
    connection?.finish(id, headers, isClientDone: hasClientEnded, place: nil)
    close()
  }

  // MARK: The connection's side

  func expect(endWithin timeout: TimeAmount) {
    timer = eventLoop.assumeIsolated().scheduleTask(in: timeout) {
      self.finish(RPCError(code: .deadlineExceeded, message: "the client's deadline has passed"))
    }
  }

  func received(_ bytes: ByteBuffer, isLast: Bool) {
    reader.add(bytes)
    if isLast { hasClientEnded = true }
    deliver()
  }

  func clientEnded() {
    hasClientEnded = true
    deliver()
  }

  /// The call is over.
  func close() {
    guard let connection else { return }
    self.connection = nil
    connection.dropped(reader.count)
    timer?.cancel()
    timer = nil
    let receiver = receiver
    (self.receiver, place) = (nil, nil)
    receiver?.closed()
  }

  // MARK: -

  private func wrote(_ count: Int) {
    unwritten -= count
    guard mustDrain, unwritten == 0, !isOver else { return }
    mustDrain = false
    receiver?.drained()
    deliver()
  }

  private func deliver() {
    guard !isDelivering else { return }
    isDelivering = true
    defer { isDelivering = false }
    do throws(MessageReader.Failure) {
      while !mustDrain, let receiver {
        guard let message = try next() else { break }
        receiver.received(message)
      }
      guard hasClientEnded, !toldEnd, !mustDrain, let receiver else { return }
      guard reader.isEmpty else { throw MessageReader.Failure.incomplete }
      toldEnd = true
      receiver.ended()
    } catch {
      finish(RPCError(error))
    }
  }

  private func next() throws(MessageReader.Failure) -> ByteBuffer? {
    guard let message = try reader.next() else { return nil }
    // Only what was taken is replaced: the window bounds what waits here.
    connection?.took(message.readableBytes + MessageReader.prefixLength, of: id, mayGrow: !hasClientEnded)
    return message
  }
}

extension RPCError {
  fileprivate init(_ failure: MessageReader.Failure) {
    switch failure {
    case .tooLong(let limit):
      self.init(code: .resourceExhausted, message: "a message is longer than \(limit) bytes, the most that is taken")
    case .compressed:
      self.init(code: .unimplemented, message: "a message is compressed; send it as it is")
    case .incomplete:
      self.init(code: .invalidArgument, message: "the call ended in the middle of a message")
    }
  }
}
