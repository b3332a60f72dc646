import NIOHTTP2
import Testing

@testable import CallServer

@Suite struct InboundWindowsTests {
  @Test func `the connection's window is filled up while little waits, and again when it has been taken`() {
    var windows = InboundWindows(calls: 2)
    let full = InboundWindows.connectionWindow
    #expect(windows.growth() == nil)
    windows.kept(16 << 10)
    windows.connectionWindow(is: full - (16 << 10))
    #expect(windows.growth() == 16 << 10)
    windows.connectionWindow(is: full)
    #expect(windows.growth() == nil)
    windows.kept(17 << 10)
    windows.connectionWindow(is: full - (17 << 10))
    #expect(windows.growth() == nil)
    windows.released(1 << 10)
    #expect(windows.growth() == 17 << 10)
  }

  @Test func `what nobody waits for is filled up too, to the last byte`() {
    var windows = InboundWindows(calls: 1)
    windows.connectionWindow(is: 0)
    #expect(windows.growth() == InboundWindows.connectionWindow)
  }

  @Test func `a call's window grows by all that was taken, in few steps`() {
    var windows = InboundWindows(calls: 1)
    let call: HTTP2StreamID = 1
    var (taken, grown, steps) = (0, 0, 0)
    for _ in 0..<1000 {
      taken += 100
      guard let growth = windows.took(100, of: call) else { continue }
      grown += growth
      steps += 1
    }
    #expect(taken - grown < 16 << 10)
    #expect(steps == 6)
    windows.closed(call)
    #expect(windows.took(100, of: call) == nil)
  }

  @Test func `the longest message fits into what a call is given, whatever was not replaced yet`() {
    for limit in [0, 1000, 64 << 10] {
      #expect(InboundWindows.initialWindow(messageLimit: limit) - (16 << 10) >= limit + MessageReader.prefixLength)
    }
  }
}
