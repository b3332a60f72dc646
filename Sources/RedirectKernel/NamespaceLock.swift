import Glibc
package import Redirect

/// Lets one run at a time change the rules of a network namespace: two that look, and then load by what they have seen,
/// would mix theirs.
///
/// The lock is a name among the abstract sockets, which every network namespace has for itself. It needs no file, and
/// ends with whoever holds it, however that ends. Programs that a run has called hold it too: those of a run that was
/// killed end before the next one looks.
package enum NamespaceLock {
  private static let name = "amesh-redirect"
  /// Each program that a run calls has a minute.
  private static let patience = Duration.seconds(120)

  package static func holding<Result>(_ body: () throws(RedirectError) -> Result) throws(RedirectError) -> Result {
    let lock = try acquire()
    defer { close(lock) }
    return try body()
  }

  private static func acquire() throws(RedirectError) -> Int32 {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      let socket = try inheritedSocket()
      if withAddress({ bind(socket, $0, $1) }) == 0, listen(socket, 1024) == 0 { return socket }
      let problem = errno
      close(socket)
      guard problem == EADDRINUSE else { throw .system("the namespace can't be locked: \(SystemError.text(problem))") }
      waitForHolder(until: end)
    }
    throw .system("another program is changing the rules of this network namespace; end it (it holds socket @\(name))")
  }

  /// Nobody takes connections from that socket: they end with it.
  private static func waitForHolder(until end: ContinuousClock.Instant) {
    let waiting = socket(AF_UNIX, streams | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard waiting >= 0 else { return }
    defer { close(waiting) }
    let isConnected = withAddress { connect(waiting, $0, $1) } == 0
    // What is there but can't be joined is about to listen, or to go, or too many wait already.
    let milliseconds = isConnected ? max(1, (end - .now) / .milliseconds(1)) : 10
    var entry = pollfd(fd: isConnected ? waiting : -1, events: 0, revents: 0)
    poll(&entry, 1, Int32(clamping: Int(milliseconds)))
  }

  /// Above the descriptors that programs are given as theirs.
  private static func inheritedSocket() throws(RedirectError) -> Int32 {
    let low = socket(AF_UNIX, streams | Int32(SOCK_CLOEXEC.rawValue), 0)
    let high = low < 0 ? -1 : fcntl(low, F_DUPFD, 10)
    let problem = errno
    if low >= 0 { close(low) }
    guard high >= 0 else { throw .system("a socket can't be made: \(SystemError.text(problem))") }
    return high
  }

  private static var streams: Int32 { Int32(SOCK_STREAM.rawValue) }

  private static func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // A name after a zero is no path.
    withUnsafeMutableBytes(of: &address.sun_path) { $0.dropFirst().copyBytes(from: name.utf8) }
    let length = MemoryLayout<sa_family_t>.size + 1 + name.utf8.count
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
    }
  }
}
