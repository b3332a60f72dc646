import CallServer
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct ListeningSocketTests {
  private let path = "/tmp/amesh-\(UInt64.random(in: 0...UInt64.max)).sock"

  private func status() -> stat {
    var status = stat()
    lstat(path, &status)
    return status
  }

  /// Connects that nobody accepts, until one fails or `limit` are there.
  private func connects(limit: Int) -> Int {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    var clients: [Int32] = []
    defer { for client in clients { close(client) } }
    for count in 0..<limit {
      let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      clients.append(client)
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if result != 0 { return count }
    }
    return limit
  }

  @Test func `a burst of connects finds room`() throws {
    let socket = try ListeningSocket(unixPath: path, mode: 0o600)
    defer {
      close(socket.descriptor)
      unlink(path)
    }
    #expect(connects(limit: 300) == 300)
    // Where it would not, this test would see it.
    listen(socket.descriptor, 16)
    #expect(connects(limit: 300) < 300)
  }

  @Test func `a Unix socket has the mode that was asked for, and replaces one that was left behind`() throws {
    for mode: UInt32 in [0o600, 0o666] {
      let socket = try ListeningSocket(unixPath: path, mode: mode)
      #expect(status().st_mode & 0o777 == mode)
      close(socket.descriptor)
    }
    unlink(path)
  }

  @Test func `a file that is no socket is not replaced`() throws {
    let file = open(path, O_CREAT | O_WRONLY, 0o600)
    close(file)
    defer { unlink(path) }
    let error = #expect(throws: ListeningSocketError.self) { try ListeningSocket(unixPath: path, mode: 0o600) }
    #expect(error?.code == EADDRINUSE)
    #expect(status().st_mode & S_IFMT == S_IFREG)
  }

  @Test(arguments: ["", String(repeating: "x", count: 108), "/tmp/a\u{0}b", "/nowhere/at/all.sock"])
  func `a path that can't be is refused with the reason`(_ path: String) {
    let error = #expect(throws: ListeningSocketError.self) { try ListeningSocket(unixPath: path, mode: 0o600) }
    #expect(error?.description.contains("can't listen on") == true)
  }

  @Test(arguments: ["127.0.0.1", "::1", "::"])
  func `a TCP socket tells its port, and one that is taken is refused`(_ host: String) throws {
    let socket = try ListeningSocket(host: host, port: 0)
    defer { close(socket.descriptor) }
    let port = try #require(socket.port)
    #expect(port > 0)
    let error = #expect(throws: ListeningSocketError.self) { try ListeningSocket(host: host, port: port) }
    #expect(error?.code == EADDRINUSE)
  }

  @Test(arguments: ["localhost", "", "127.0.0.1 ", "127.1", "[::1]", "::1%lo", "1.2.3.4\u{0}", "::1\u{0}"])
  func `what is no address is refused with the reason`(_ host: String) {
    let error = #expect(throws: ListeningSocketError.self) { try ListeningSocket(host: host, port: 0) }
    #expect(error?.step == "read address")
  }

  @Test(arguments: [
    ("127.0.0.1", AF_INET, true), ("127.0.0.1", AF_INET6, false), ("::1", AF_INET6, true), ("::1", AF_INET, false),
    ("::", AF_INET, true), ("::", AF_INET6, true),
  ])
  func `the IPv6 wildcard takes connections of both kinds, an address those of its own`(
    _ host: String,
    _ family: Int32,
    _ isTaken: Bool
  ) throws {
    let socket = try ListeningSocket(host: host, port: 0)
    defer { close(socket.descriptor) }
    #expect(try connects(to: #require(socket.port), family: family) == isTaken)
  }

  /// Whether a connect to the loopback address of that family succeeds.
  private func connects(to port: UInt16, family: Int32) -> Bool {
    let client = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(client) }
    var four = sockaddr_in()
    four.sin_family = sa_family_t(AF_INET)
    four.sin_port = port.bigEndian
    four.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var six = sockaddr_in6()
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_port = port.bigEndian
    six.sin6_addr = in6addr_loopback
    func connects<Address>(_ address: inout Address) -> Bool {
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(client, $0, socklen_t(MemoryLayout<Address>.size)) == 0
        }
      }
    }
    return family == AF_INET6 ? connects(&six) : connects(&four)
  }
}
