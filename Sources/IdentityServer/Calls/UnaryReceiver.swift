import GRPCCore
import NIOCore
import SwiftProtobuf

/// What a method with one message each way says.
struct UnaryAnswer<Response: Message>: Sendable {
  var message: Response
  /// Before the message.
  var metadata: Metadata = [:]
}

/// Takes the one message of a call, and answers when the client has said all.
final class UnaryReceiver<Request: Message, Response: Message>: CallReceiver {
  typealias Answer = @Sendable (Request) async throws(RPCError) -> UnaryAnswer<Response>

  private let call: ServerCall
  private let place: StreamBook.Place
  private let answer: Answer
  private var request: Request?

  init(_ call: ServerCall, _ place: StreamBook.Place, answer: @escaping Answer) {
    self.call = call
    self.place = place
    self.answer = answer
  }

  func received(_ message: ByteBuffer) {
    guard request == nil else { return call.finish(.notOneMessage) }
    do throws(RPCError) { request = try Request(message) } catch { call.finish(error) }
  }

  func ended() {
    guard let request else { return call.finish(.notOneMessage) }
    let (call, loop, answer) = (NIOLoopBound(call, eventLoop: call.eventLoop), call.eventLoop, answer)
    let place = place
    Task(executorPreference: self.call.executor) {
      defer { withExtendedLifetime(place) {} }
      do throws(RPCError) {
        let answer = try await answer(request)
        loop.now { call.value.answer(answer.message, answer.metadata) }
      } catch {
        loop.now { call.value.finish(error) }
      }
    }
  }

  func drained() {}
  func closed() { request = nil }
}

extension Message {
  init(_ bytes: ByteBuffer) throws(RPCError) {
    do {
      try self.init(serializedBytes: Array(bytes.readableBytesView))
    } catch {
      throw RPCError(code: .invalidArgument, message: "the message is no \(Self.protoMessageName)")
    }
  }
}

extension RPCError {
  static var notOneMessage: RPCError {
    RPCError(code: .invalidArgument, message: "this method takes exactly one message")
  }
}
