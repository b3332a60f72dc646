import AmeshTesting
import AsyncHTTPClient
import Foundation
import Glibc
import KubernetesObjects
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import AuthorityAdministration

/// The admin socket, with real connections.
@Suite(.timeLimit(.minutes(2)))
struct AdministrationSocketTests {
  /// Serves until the body has run, then ends in peace.
  private func serving(
    _ harness: Harness,
    at path: String,
    users: Set<UInt32> = [0, geteuid()],
    idleTimeout: TimeAmount = .seconds(30),
    _ body: () async throws -> Void
  ) async throws {
    let (listening, continuation) = AsyncStream.makeStream(of: Void.self)
    let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let service = AuthorityAdministrationService(
      pages: AdministrationPages(administrator: harness.operations, users: users, logger: silent),
      socketPath: path,
      idleTimeout: idleTimeout,
      logger: silent,
      onListening: { continuation.yield() }
    )
    let group = ServiceGroup(services: [service], logger: silent)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { continuation.finish() }
        try await group.run()
      }
      for await _ in listening {
        try await body()
        break
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  /// Of the inode; Foundation tells no type of a socket.
  private func mode(_ path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
  }

  private func ask(
    _ path: String,
    _ page: String,
    _ method: HTTPMethod = .GET,
    body: [UInt8]? = nil
  ) async throws -> (status: Int, answer: JSONValue) {
    var request = HTTPClientRequest(url: "http+unix://\(path.replacing("/", with: "%2F"))\(page)")
    request.method = method
    if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
    return (Int(response.status.code), try JSONValue(parsing: bytes))
  }

  @Test func `every operation works through the socket, which is the owner's alone and goes in the end`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/admin.sock"
    let harness = try Harness()
    try await harness.look()
    try await serving(harness, at: path) {
      #expect(mode(path) == 0o600)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["admin.sock"])
      #expect(try AdministrationSocket(path).isAnswered())
      let client = SocketAdministrator(path: path)
      #expect(try await client.status() == harness.operations.status())
      #expect(try await client.bundle() == harness.operations.bundle())
      let shown = try await ask(path, "/v1/authority").answer
      #expect(!String(decoding: shown.serialized(), as: UTF8.self).contains("PRIVATE"))
      let order = CertificateOrder(request: try Harness.request(), identity: Harness.web)
      #expect(try await client.issue(order).identity == Harness.web)
      let report = try await client.rotate(RotationRequest(.auto))
      #expect(report.status.roots.count == 2)
      do throws(AdministrationError) {
        _ = try await client.rotate(RotationRequest(.prepare))
        Issue.record("prepared twice")
      } catch {
        #expect(error.kind == .refused)
        #expect(error.description.contains("is prepared already"))
      }
    }
    #expect(mode(path) == nil)
    #expect(try !AdministrationSocket(path).isAnswered())
  }

  @Test(
    arguments: [
      (HTTPMethod.GET, "/", nil, 404, "unknown"), (.GET, "/v1/authority/", nil, 404, "unknown"),
      (.POST, "/v1/authority", "{}", 404, "unknown"), (.GET, "/v1/rotation", nil, 404, "unknown"),
      (.DELETE, "/v1/bundle", nil, 404, "unknown"), (.POST, "/v1/rotation", "", 400, "bad-request"),
      (.POST, "/v1/rotation", "{\"step\":", 400, "bad-request"),
      (.POST, "/v1/rotation", "{\"step\":\"activate\"}", 409, "refused"),
      (.POST, "/v1/certificates", "{\"csr\":\"x\",\"id\":\"\(Harness.web)\"}", 400, "bad-request"),
      (.POST, "/v1/rotation", String(repeating: "x", count: 5000), 400, "bad-request"),
      (.POST, "/v1/certificates", String(repeating: "x", count: 1 << 20), 400, "bad-request"),
    ] as [(HTTPMethod, String, String?, Int, String)]
  )
  func `what can't be answered is refused, and the next is answered`(
    method: HTTPMethod,
    page: String,
    body: String?,
    status: Int,
    kind: String
  ) async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/admin.sock"
    let harness = try Harness()
    try await harness.look()
    try await serving(harness, at: path) {
      let refused = try await ask(path, page, method, body: body.map { Array($0.utf8) })
      #expect(refused.status == status)
      #expect(refused.answer["kind"]?.string == kind)
      let message = try #require(refused.answer["message"]?.string)
      let isLong = (body?.utf8.count ?? 0) > 4096
      #expect(message.contains("bytes; send a shorter one") == isLong, "\(message)")
      let answered = try await ask(path, "/v1/authority")
      #expect(answered.status == 200)
      #expect(answered.answer["trustDomain"]?.string == "mesh.example")
    }
    #expect(try await harness.operations.status().roots.count == 1)
  }

  @Test func `another user's process is refused everything`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/admin.sock"
    let harness = try Harness()
    try await harness.look()
    // The kernel tells that it is us who connects, and we are not on the list.
    try await serving(harness, at: path, users: [geteuid() &+ 4242]) {
      for (method, page) in [(HTTPMethod.GET, "/v1/authority"), (.POST, "/v1/rotation"), (.GET, "/nothing")] {
        let refused = try await ask(path, page, method, body: method == .POST ? Array(#"{"step":"auto"}"#.utf8) : nil)
        #expect(refused.status == 403)
        #expect(refused.answer["kind"]?.string == "forbidden")
      }
    }
    #expect(try await harness.operations.status().roots.count == 1)
  }

  @Test func `a socket that was left is replaced, and so is what a dead process left of a start`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/admin.sock"
    let harness = try Harness()
    try await harness.look()
    try leaveSocket(at: path)
    try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
    try leaveSocket(at: "\(path).new/s")
    #expect(try !AdministrationSocket(path).isAnswered())
    try await serving(harness, at: path) {
      #expect(mode(path) == 0o600)
      let answered = try await ask(path, "/v1/authority")
      #expect(answered.status == 200)
    }
  }

  @Test func `a socket that another process has put there stays`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/admin.sock"
    try await serving(Harness(), at: path) {
      unlink(path)
      // Something in between, so that the number of the first is not given to the next.
      _ = try folder.write("other", "")
      try leaveSocket(at: path)
    }
    #expect(mode(path) != nil)
  }

  @Test func `what is no socket is left alone`() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("admin.sock", "precious")
    let error = await #expect(throws: AdministrationSocketError.self) {
      try await serving(Harness(), at: path) { Issue.record("it listens") }
    }
    #expect(error?.description.contains("no socket; move it away") == true)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    #expect(try !AdministrationSocket(path).isAnswered())
  }

  @Test func `a path that is too long for a socket is told`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/\(String(repeating: "x", count: 100))"
    let error = await #expect(throws: AdministrationSocketError.self) {
      try await serving(Harness(), at: path) { Issue.record("it listens") }
    }
    #expect(error?.description.contains("shorter path") == true)
    #expect(try !AdministrationSocket(path).isAnswered())
  }

  @Test func `a request that never ends keeps nobody from ending`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/admin.sock"
    let stuck = NIOLockedValueBox<Int32>(-1)
    // Nothing but the end of the service ends the connection before this test's time is up.
    try await serving(try Harness(), at: path, idleTimeout: .hours(1)) {
      let descriptor = try connected(to: path)
      stuck.withLockedValue { $0 = descriptor }
      let begun = Array("POST /v1/rotation HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{".utf8)
      #expect(write(descriptor, begun, begun.count) == begun.count)
      // Connected later, answered: the first is at work by now.
      let later = try await ask(path, "/v1/nothing")
      #expect(later.status == 404)
    }
    close(stuck.withLockedValue { $0 })
  }

  @Test func `a socket that nobody answers is told`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/admin.sock"
    do throws(AdministrationError) {
      _ = try await SocketAdministrator(path: path).status()
      Issue.record("answered by nobody")
    } catch {
      #expect(error.kind == .unreachable)
      #expect(error.description.contains(path))
    }
  }

  private func leaveSocket(at path: String) throws {
    close(try withAddress(path, bind))
  }

  private func connected(to path: String) throws -> Int32 {
    try withAddress(path, connect)
  }

  private func withAddress(
    _ path: String,
    _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, size) }
    }
    try #require(result == 0)
    return descriptor
  }
}
