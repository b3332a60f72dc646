import CallServer
import GRPCCore
import Synchronization

/// A method for everybody.
struct OpenMethod: CallMethod {
  private let book: OpenBook
  private let answer: @Sendable (OpenBook.Place, ServerCall) -> any CallReceiver

  init(_ book: OpenBook, answer: @escaping @Sendable (OpenBook.Place, ServerCall) -> any CallReceiver) {
    self.book = book
    self.answer = answer
  }

  func open(_ call: ServerCall, _ evidence: CallerEvidence) {
    guard let place = book.place() else {
      return call.finish(RPCError(code: .resourceExhausted, message: "too many streams are open; come again"))
    }
    call.deliver(to: answer(place, call), in: place)
  }
}

/// Counts the calls of those who are nobody in particular.
final class OpenBook: Sendable {
  private let limit: Int
  private let count = Mutex(0)

  /// One call's place, given back when nobody holds it any more.
  final class Place: Sendable {
    private let book: OpenBook

    init(_ book: OpenBook) { self.book = book }

    deinit { book.count.withLock { $0 -= 1 } }
  }

  init(limit: Int) { self.limit = limit }

  func place() -> Place? {
    let isFree = count.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
    return isFree ? Place(self) : nil
  }
}
