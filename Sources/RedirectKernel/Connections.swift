import Glibc
import Redirect

/// One of the sidecar's ports, held while connections are tried.
final class Listener {
  let port: UInt16
  private let family: AddressFamily
  private let descriptor: Int32
  /// Those that have come, by where they came from.
  private var arrived: [UInt16: Arrival] = [:]

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
    if family == .ipv6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, size) }
    guard var address = SocketAddress(family, family == .ipv4 ? "0.0.0.0" : "::", port) else {
      throw .system("any address is none")
    }
    let descriptor = descriptor
    guard address.withPointer({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 64) == 0 else {
      let problem = SystemError.text(errno)
      close(descriptor)
      throw .system("port \(port) can't be listened on: \(problem); verify before the sidecar runs")
    }
  }

  deinit { close(descriptor) }

  /// How long a connection within one machine may take; microseconds are usual.
  private static let patienceMilliseconds: Int32 = 5000

  /// The connection that comes from that port, waited for; nil: none does.
  func awaits(_ source: UInt16) -> Arrival? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      if let arrival = accepts(from: source) { return arrival }
      guard poll(&entry, 1, Self.patienceMilliseconds) > 0 else { return nil }
    }
  }

  /// The same, of what is there.
  func accepts(from source: UInt16) -> Arrival? {
    while true {
      var peer = SocketAddress()
      let connection = peer.withPointer { accept(descriptor, $0, &$1) }
      guard connection >= 0 else { break }
      arrived[peer.port] = Arrival(original: original(connection))
      close(connection)
    }
    return arrived[source]
  }

  private func original(_ connection: Int32) -> String? {
    var address = SocketAddress()
    let level = family == .ipv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6)
    // SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of the kernel's netfilter headers.
    let status = address.withPointer { getsockopt(connection, level, 80, $0, &$1) }
    return status == 0 ? "\(address.text) port \(address.port)" : nil
  }
}

/// An attempt to connect.
final class Connection {
  let localPort: UInt16
  private let descriptor: Int32

  /// Starts it. What is redirected to this machine is through when it returns; other ways are not waited for.
  init(_ family: AddressFamily, to address: String, _ port: UInt16) throws(RedirectError) {
    descriptor = try makeSocket(family)
    guard var target = SocketAddress(family, address, port) else {
      close(descriptor)
      throw .system("\(address) is no address")
    }
    let descriptor = descriptor
    let status = target.withPointer { connect(descriptor, $0, $1) }
    // Refused: nobody listens there, so it went somewhere.
    guard status == 0 || errno == EINPROGRESS || errno == ECONNREFUSED else {
      let problem = SystemError.text(errno)
      close(descriptor)
      throw .system("connecting to \(address) port \(port): \(problem)")
    }
    var local = SocketAddress()
    _ = local.withPointer { getsockname(descriptor, $0, &$1) }
    localPort = local.port
  }

  deinit { close(descriptor) }
}

private func makeSocket(_ family: AddressFamily) throws(RedirectError) -> Int32 {
  let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  let descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, kind, 0)
  guard descriptor >= 0 else { throw .system("a socket can't be made: \(SystemError.text(errno))") }
  return descriptor
}
