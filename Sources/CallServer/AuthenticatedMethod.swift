package import CallerAuthentication
import GRPCCore
import NIOCore

/// A method for those who can tell who they are, of whom there are not too many already: who calls is known before
/// anything that it sends is looked at.
package struct AuthenticatedMethod: CallMethod {
  /// Answers one caller; keeps the place for as long as it answers.
  package typealias Answer = @Sendable (Caller, StreamBook.Place, ServerCall) -> any CallReceiver

  private let authentication: any CallerAuthentication
  private let streams: StreamBook
  private let answer: Answer

  package init(_ authentication: any CallerAuthentication, _ streams: StreamBook, answer: @escaping Answer) {
    self.authentication = authentication
    self.streams = streams
    self.answer = answer
  }

  package func open(_ call: ServerCall, _ evidence: CallerEvidence) {
    let (bound, loop) = (NIOLoopBound(call, eventLoop: call.eventLoop), call.eventLoop)
    // What has to be awaited, a channel handler can only give to a task; it ends with the authentication.
    Task(executorPreference: call.executor) {
      let caller = await authentication.caller(evidence)
      loop.now { admit(caller, to: bound.value) }
    }
  }

  private func admit(_ caller: Caller?, to call: ServerCall) {
    guard !call.isOver else { return }
    do throws(RPCError) {
      guard let caller else { throw .unauthenticated }
      let place = try streams.place(for: caller)
      call.deliver(to: answer(caller, place, call), in: place)
    } catch {
      call.finish(error)
    }
  }
}

extension EventLoop {
  /// At once where this is the loop's own thread.
  func now(_ body: @escaping @Sendable () -> Void) {
    if inEventLoop { body() } else { execute(body) }
  }
}
