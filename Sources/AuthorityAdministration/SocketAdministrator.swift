import AsyncHTTPClient
import KubernetesObjects
import NIOCore
import NIOHTTP1

/// The authority of a running server, through its admin socket.
package struct SocketAdministrator: AuthorityAdministrator {
  /// More than the status of the largest state.
  private static let maximumAnswerBytes = 2 << 20
  private static let timeout = TimeAmount.seconds(60)

  private let path: String

  /// - Parameter path: of the socket.
  package init(path: String) { self.path = path }

  package func status() async throws(AdministrationError) -> AuthorityStatus {
    try AuthorityStatus(parsing: try await ask(AdministrationPages.status))
  }

  package func rotate(_ request: RotationRequest) async throws(AdministrationError) -> RotationReport {
    try RotationReport(parsing: try await ask(AdministrationPages.rotation, request.json))
  }

  package func bundle() async throws(AdministrationError) -> AuthorityBundle {
    try AuthorityBundle(parsing: try await ask(AdministrationPages.bundle))
  }

  package func issue(_ order: CertificateOrder) async throws(AdministrationError) -> OrderedCertificate {
    try OrderedCertificate(parsing: try await ask(AdministrationPages.certificates, order.json))
  }

  /// - Parameter body: what to post; nil to get.
  private func ask(_ page: String, _ body: JSONValue? = nil) async throws(AdministrationError) -> [UInt8] {
    var request = HTTPClientRequest(url: "http+unix://\(Self.encoded(path))\(page)")
    if let body {
      request.method = .POST
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body.serialized()))
    }
    let (code, answer) = try await execute(request)
    if code == 200 { return answer }
    guard let members = try? Members(parsing: answer, "the refusal"), let kind = try? members.string("kind"),
      let message = try? members.string("message")
    else { throw AdministrationError(.unreachable, "\(path) answered \(code); is this the socket of amesh serve?") }
    throw AdministrationError(AdministrationError.Kind(rawValue: kind) ?? .failed, message)
  }

  private func execute(_ request: HTTPClientRequest) async throws(AdministrationError) -> (UInt, [UInt8]) {
    var configuration = HTTPClient.Configuration()
    // Nobody listens: nobody will.
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<(UInt, [UInt8]), AdministrationError>
    do {
      let response = try await client.execute(request, timeout: Self.timeout)
      let answer = Array(try await response.body.collect(upTo: Self.maximumAnswerBytes).readableBytesView)
      result = .success((response.status.code, answer))
    } catch {
      let problem = "\(path) does not answer: \(error); look at the log of amesh serve"
      result = .failure(AdministrationError(.unreachable, problem))
    }
    // One request was all; what goes wrong now is nobody's trouble.
    try? await client.shutdown()
    return try result.get()
  }

  /// A path as the host of a URL: everything but letters and digits by its hexadecimal value.
  private static func encoded(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = path.utf8.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        [byte]
      default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
