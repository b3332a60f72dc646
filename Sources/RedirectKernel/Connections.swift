import Glibc
import Redirect

/// One of the sidecar's ports, held while connections are tried.
final class Listener {
  let port: UInt16
  private let family: AddressFamily
  private let descriptor: Int32
  /// Those that have come, by where they came from.
  private var arrived: [String: Arrival] = [:]
  private static let backlog: Int32 = 64

  struct Arrival {
    /// Where it was bound for before it was redirected.
    var original: String?
  }

  init(_ family: AddressFamily, _ port: UInt16) throws(RedirectError) {
    self.family = family
    self.port = port
    descriptor = try makeSocket(family)
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
    guard var address = SocketAddress.any(family, port: port) else { throw .system("any address is none") }
    let descriptor = descriptor
    guard address.withPointer({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, Self.backlog) == 0 else {
      let problem = SystemError.text(errno)
      close(descriptor)
      throw .system("port \(port) can't be listened on: \(problem); verify before the sidecar runs")
    }
  }

  deinit { close(descriptor) }

  /// How long a connection within one machine may take; microseconds are usual.
  private static let patience = Duration.seconds(5)

  /// The connection that comes from that address and port, waited for; nil: none does, whoever else comes.
  func awaits(_ source: String) -> Arrival? {
    let end = ContinuousClock.now + Self.patience
    while true {
      if let arrival = accepts(from: source) { return arrival }
      let rest = (end - .now) / .milliseconds(1)
      guard rest > 0 else { return nil }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      poll(&entry, 1, Int32(clamping: Int(rest) + 1))
    }
  }

  /// The same, of what is there.
  func accepts(from source: String) -> Arrival? {
    // Strangers may come faster than they are seen off.
    for _ in 0..<Self.backlog {
      var peer = SocketAddress()
      let connection = peer.withPointer { accept(descriptor, $0, &$1) }
      guard connection >= 0 else { break }
      arrived[peer.endpoint] = Arrival(original: original(connection))
      close(connection)
    }
    return arrived[source]
  }

  private func original(_ connection: Int32) -> String? {
    var address = SocketAddress()
    let level = family == .ipv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6)
    // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of the kernel's netfilter headers.
    let status = address.withPointer { getsockopt(connection, level, 80, $0, &$1) }
    return status == 0 ? address.endpoint : nil
  }
}

/// An attempt to connect. Its port is its own as long as it is there, so none of another can be taken for it.
final class Connection {
  /// Where it comes from.
  let source: String
  private let descriptor: Int32

  /// Starts it. What is redirected to this machine is through when it returns; other ways are not waited for.
  init(_ family: AddressFamily, to address: String, _ port: UInt16) throws(RedirectError) {
    descriptor = try makeSocket(family)
    let descriptor = descriptor
    guard var target = SocketAddress(family, address, port) else {
      close(descriptor)
      throw .system("\(address) is no address")
    }
    let isBound = Self.takesPort(descriptor, family)
    let status = isBound ? target.withPointer { connect(descriptor, $0, $1) } : -1
    // Refused: nobody listens there, so it went somewhere.
    guard status == 0 || isBound && (errno == EINPROGRESS || errno == ECONNREFUSED) else {
      let problem = SystemError.text(errno)
      close(descriptor)
      throw .system("connecting to \(address) port \(port): \(problem)")
    }
    var local = SocketAddress()
    _ = local.withPointer { getsockname(descriptor, $0, &$1) }
    source = local.endpoint
  }

  /// One that connect(2) chooses may serve several connections to different places, and one that bind(2) chooses is given
  /// up when the connection is refused; only one that is named is kept.
  private static func takesPort(_ descriptor: Int32, _ family: AddressFamily) -> Bool {
    for _ in 0..<16 {
      let other = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
      guard other >= 0, var any = SocketAddress.any(family, port: 0) else { return false }
      var free = SocketAddress()
      let isFound =
        any.withPointer { bind(other, $0, $1) } == 0 && free.withPointer { getsockname(other, $0, &$1) } == 0
      close(other)
      guard isFound else { return false }
      if free.withPointer({ bind(descriptor, $0, $1) }) == 0 { return true }
      // Somebody else was quicker.
      guard errno == EADDRINUSE else { return false }
    }
    return false
  }

  deinit { close(descriptor) }
}

private func makeSocket(_ family: AddressFamily) throws(RedirectError) -> Int32 {
  let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  let descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, kind, 0)
  guard descriptor >= 0 else { throw .system("a socket can't be made: \(SystemError.text(errno))") }
  var one: Int32 = 1
  if family == .ipv6 {
    setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, socklen_t(MemoryLayout<Int32>.size))
  }
  return descriptor
}
