import NIOHTTP2

/// How much a client may send on a connection before it is listened to, as a value without I/O: a call's window is
/// replaced as its messages are taken, the connection's as long as not too much waits on all of its calls.
struct InboundWindows: Sendable {
  /// Frames are not sent for less.
  private static let step = 16 << 10

  /// Of each call: the longest message always fits.
  static func initialWindow(messageLimit: Int) -> Int { messageLimit + MessageReader.prefixLength + step }

  private let maximumHeld: Int
  private var held = 0
  private var unreplaced = 0
  private var unreplacedOfCalls: [HTTP2StreamID: Int] = [:]

  /// - Parameter calls: at a time; each may hold a part of a message that came in one frame.
  init(calls: Int) { maximumHeld = max(1, calls) * Self.step }

  /// - Parameters:
  ///   - count: bytes of flow control.
  ///   - kept: of these, what waits for its call.
  mutating func received(_ count: Int, kept: Int) {
    held += kept
    unreplaced += count
  }

  /// What waited does no more.
  mutating func released(_ count: Int) { held -= count }

  /// - Returns: by how much the call's window is to grow.
  mutating func took(_ count: Int, of call: HTTP2StreamID) -> Int? {
    let sum = unreplacedOfCalls[call, default: 0] + count
    guard sum >= Self.step else {
      unreplacedOfCalls[call] = sum
      return nil
    }
    unreplacedOfCalls[call] = nil
    return sum
  }

  mutating func closed(_ call: HTTP2StreamID) { unreplacedOfCalls[call] = nil }

  /// - Returns: by how much the connection's window is to grow.
  mutating func growth() -> Int? {
    guard unreplaced >= Self.step, held <= maximumHeld else { return nil }
    defer { unreplaced = 0 }
    return unreplaced
  }
}
