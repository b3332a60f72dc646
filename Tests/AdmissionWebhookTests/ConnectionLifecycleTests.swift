import NIOCore
import Testing

@testable import AdmissionWebhook

struct ConnectionLifecycleTests {
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  private func at(_ seconds: Int64) -> NIODeadline { Self.start + .seconds(seconds) }

  @Test func `a request is timed from its first byte, not from its head`() {
    var lifecycle = ConnectionLifecycle(kind: .connection, now: Self.start)
    lifecycle.bytesArrived(now: at(1))
    lifecycle.bytesArrived(now: at(5))
    lifecycle.headRead(clientCloses: false, now: at(6))
    #expect(lifecycle.requestBegan == at(1))
    lifecycle.requestRead(now: at(7))
    #expect(lifecycle.requestBegan == nil)
    #expect(!lifecycle.isIdle)
  }

  @Test func `a slow request is answered only if nobody else writes`() {
    var lifecycle = ConnectionLifecycle(kind: .connection, now: Self.start)
    #expect(lifecycle.requestTimedOut() == .nothing)
    lifecycle.bytesArrived(now: at(1))
    #expect(lifecycle.requestTimedOut() == .answerAndLinger)
    lifecycle.headRead(clientCloses: false, now: at(2))
    #expect(lifecycle.requestTimedOut() == .answerAndLinger)
    _ = lifecycle.responseBegins(closes: false, isDraining: false)
    #expect(lifecycle.requestTimedOut() == .close)
    _ = lifecycle.responseEnded(now: at(3))
    #expect(lifecycle.requestTimedOut() == .close)
    lifecycle.linger()
    #expect(lifecycle.requestTimedOut() == .nothing)
  }

  @Test func `the second of two requests is not answered before the first`() {
    var lifecycle = ConnectionLifecycle(kind: .connection, now: Self.start)
    lifecycle.headRead(clientCloses: false, now: at(1))
    lifecycle.requestRead(now: at(1))
    lifecycle.bytesArrived(now: at(2))
    #expect(lifecycle.requestTimedOut() == .close)
  }

  @Test func `while draining, the last of the requests that are there says goodbye`() {
    var lifecycle = ConnectionLifecycle(kind: .connection, now: Self.start)
    for _ in 0..<2 {
      lifecycle.headRead(clientCloses: false, now: at(1))
      lifecycle.requestRead(now: at(1))
    }
    let isLastOfTwo = lifecycle.responseBegins(closes: false, isDraining: true)
    #expect(!isLastOfTwo)
    let lingersAfterFirst = lifecycle.responseEnded(now: at(2))
    #expect(!lingersAfterFirst)
    let isLast = lifecycle.responseBegins(closes: false, isDraining: true)
    #expect(isLast)
    let lingers = lifecycle.responseEnded(now: at(3))
    #expect(lingers)
  }

  @Test func `a client closes with its last request, not before`() {
    var lifecycle = ConnectionLifecycle(kind: .connection, now: Self.start)
    for clientCloses in [false, true] {
      lifecycle.headRead(clientCloses: clientCloses, now: at(1))
      #expect(!lifecycle.isInputOver)
      lifecycle.requestRead(now: at(1))
      #expect(lifecycle.isInputOver == clientCloses)
    }
    for isLast in [false, true] {
      let closes = lifecycle.responseBegins(closes: false, isDraining: false)
      let lingers = lifecycle.responseEnded(now: at(2))
      #expect((closes, lingers) == (isLast, isLast))
    }
  }

  @Test func `client and handler can end a connection too`() {
    for (client, handler) in [(true, false), (false, true)] {
      var lifecycle = ConnectionLifecycle(kind: .connection, now: Self.start)
      lifecycle.headRead(clientCloses: client, now: at(1))
      lifecycle.requestRead(now: at(1))
      let isLast = lifecycle.responseBegins(closes: handler, isDraining: false)
      #expect(isLast)
      let lingers = lifecycle.responseEnded(now: at(2))
      #expect(lingers)
    }
  }

  @Test func `a stream lingers only when its request was not read`() {
    var lifecycle = ConnectionLifecycle(kind: .stream, now: Self.start)
    lifecycle.headRead(clientCloses: false, now: at(1))
    _ = lifecycle.responseBegins(closes: true, isDraining: true)
    var unread = lifecycle
    let lingersUnread = unread.responseEnded(now: at(2))
    #expect(lingersUnread)
    lifecycle.requestRead(now: at(1))
    let lingers = lifecycle.responseEnded(now: at(2))
    #expect(!lingers)
  }

  @Test func `silence is measured from the last activity`() {
    var lifecycle = ConnectionLifecycle(kind: .connection, now: Self.start)
    lifecycle.bodyRead(now: at(5))
    #expect(lifecycle.idleTimedOut(after: .seconds(10), now: at(10)) == .checkAgain(at(15)))
    #expect(lifecycle.idleTimedOut(after: .seconds(10), now: at(15)) == .close)
  }
}
