import IdentityServer
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

  @Test func `a burst of connects finds room, also after the transport has shortened the queue`() throws {
    let socket = try ListeningSocket(unixPath: path, mode: 0o600)
    defer {
      close(socket.descriptor)
      unlink(path)
    }
    #expect(connects(limit: 300) == 300)
    listen(socket.descriptor, 16)
    #expect(connects(limit: 300) < 300)
    socket.restoreBacklog()
    #expect(connects(limit: 300) == 300)
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

  @Test func `a TCP socket tells its port, and one that is taken is refused`() throws {
    let socket = try ListeningSocket(ipv4Host: "127.0.0.1", port: 0)
    defer { close(socket.descriptor) }
    let port = try #require(socket.port)
    #expect(port > 0)
    #expect(throws: ListeningSocketError.self) { try ListeningSocket(ipv4Host: "127.0.0.1", port: port) }
    #expect(throws: ListeningSocketError.self) { try ListeningSocket(ipv4Host: "localhost", port: 0) }
  }
}
