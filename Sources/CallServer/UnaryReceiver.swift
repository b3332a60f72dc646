package import GRPCCore
package import NIOCore
package import SwiftProtobuf

/// What a method with one message each way says.
package struct UnaryAnswer<Response: Message>: Sendable {
  package var message: Response
  /// Before the message.
  package var metadata: Metadata

  package init(message: Response, metadata: Metadata = [:]) {
    self.message = message
    self.metadata = metadata
  }
}

/// Takes the one message of a call, and answers when the client has said all.
package final class UnaryReceiver<Request: Message, Response: Message>: CallReceiver {
  package typealias Answer = @Sendable (Request) async throws(RPCError) -> UnaryAnswer<Response>

  private let call: ServerCall
  private let place: any AnyObject & Sendable
  private let answer: Answer
  private var request: Request?

  /// - Parameter place: kept for as long as the call is answered.
  package init(_ call: ServerCall, _ place: any AnyObject & Sendable, answer: @escaping Answer) {
    self.call = call
    self.place = place
    self.answer = answer
  }

  package func received(_ message: ByteBuffer) {
    guard request == nil else { return call.finish(.notOneMessage) }
    do throws(RPCError) { request = try Request(message) } catch { call.finish(error) }
  }

  package func ended() {
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

  package func drained() {}
  package func closed() { request = nil }
}

extension Message {
  package init(_ bytes: ByteBuffer) throws(RPCError) {
    do {
      try self.init(serializedBytes: Array(bytes.readableBytesView))
    } catch {
      throw RPCError(code: .invalidArgument, message: "the message is no \(Self.protoMessageName)")
    }
  }
}

extension RPCError {
  package static var notOneMessage: RPCError {
    RPCError(code: .invalidArgument, message: "this method takes exactly one message")
  }
}
