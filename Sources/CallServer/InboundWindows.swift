import NIOHTTP2

/// How much a client may send on a connection before it is listened to, as a value without I/O: a call's window is
/// replaced as its messages are taken, the connection's as long as not too much waits on all of its calls.
struct InboundWindows: Sendable {
  /// Frames are not sent for less.
  private static let step = 16 << 10

  /// Of each call: the longest message always fits.
  static func initialWindow(messageLimit: Int) -> Int { messageLimit + MessageReader.prefixLength + step }

  /// Of a connection, in bytes; only updates change it (RFC 9113, section 6.9.2).
  static let connectionWindow = 65_535

  private let maximumHeld: Int
  private var held = 0
  /// Of the connection, as HTTP/2 counts: also what came for calls that are gone.
  private var open = Self.connectionWindow
  private var unreplacedOfCalls: [HTTP2StreamID: Int] = [:]

  /// - Parameter calls: at a time; each may hold a part of a message that came in one frame.
  init(calls: Int) { maximumHeld = max(1, calls) * Self.step }

  /// So many bytes wait for their call.
  mutating func kept(_ count: Int) { held += count }

  /// The connection's window is that large now.
  mutating func connectionWindow(is size: Int) { open = size }

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
    let growth = Self.connectionWindow - open
    return growth >= Self.step && held <= maximumHeld ? growth : nil
  }
}
