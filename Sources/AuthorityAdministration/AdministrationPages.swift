import HTTPTypes
package import Hummingbird
import KubernetesObjects
package import Logging
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the admin socket answers. Whoever may connect is the operator: root, or the user of this process.
package struct AdministrationPages: HTTPResponder {
  package typealias Context = PeerContext

  static let (status, bundle) = ("/v1/authority", "/v1/bundle")
  static let (rotation, certificates) = ("/v1/rotation", "/v1/certificates")

  private let administrator: any AuthorityAdministrator
  private let users: Set<UInt32>
  private let logger: Logger

  /// - Parameters:
  ///   - users: whose processes may ask.
  ///   - logger: is told of every step of rotation; certificates have the audit log.
  package init(administrator: any AuthorityAdministrator, users: Set<UInt32> = [0, geteuid()], logger: Logger) {
    self.administrator = administrator
    self.users = users
    self.logger = logger
  }

  package func respond(to request: Request, context: PeerContext) async throws -> Response {
    do throws(AdministrationError) {
      let peer = await context.user()
      guard let peer, users.contains(peer) else {
        throw AdministrationError(
          .forbidden,
          "this socket does not answer user \(peer.map { "\($0)" } ?? "unknown"); "
            + "run as one of: \(users.sorted().map { "\($0)" }.joined(separator: ", "))"
        )
      }
      return Self.answer(try await answer(to: request, of: peer), .ok)
    } catch {
      return Self.refusal(error)
    }
  }

  private func rotate(_ request: RotationRequest, _ peer: UInt32) async throws(AdministrationError) -> RotationReport {
    var details: Logger.Metadata = [
      "step": "\(request.step.rawValue)", "forced": "\(request.isForced)", "user": "\(peer)",
    ]
    if let root = request.root { details["root"] = "\(root)" }
    do throws(AdministrationError) {
      let report = try await administrator.rotate(request)
      details["done"] = "\(report.done.joined(separator: "; "))"
      logger.notice("The operator took a step of rotation", metadata: details)
      return report
    } catch {
      details["reason"] = "\(error)"
      logger.notice("The operator was refused a step of rotation", metadata: details)
      throw error
    }
  }

  private func answer(to request: Request, of peer: UInt32) async throws(AdministrationError) -> JSONValue {
    let path = request.uri.path
    switch (request.method, path) {
    case (.get, Self.status): return try await administrator.status().json
    case (.get, Self.bundle): return try await administrator.bundle().json
    case (.post, Self.rotation):
      return try await rotate(try RotationRequest(parsing: try await Self.body(of: request, limit: 4096)), peer).json
    case (.post, Self.certificates):
      let body = try await Self.body(of: request, limit: CertificateOrder.maximumBytes)
      return try await administrator.issue(try CertificateOrder(parsing: body)).json
    default:
      throw AdministrationError(
        .unknown,
        "there is no \(request.method.rawValue.prefix(16)) \(path.prefix(64)) here; there are: "
          + "GET \(Self.status), GET \(Self.bundle), POST \(Self.rotation), POST \(Self.certificates)"
      )
    }
  }

  private static func body(of request: Request, limit: Int) async throws(AdministrationError) -> [UInt8] {
    do {
      return Array(try await request.body.collect(upTo: limit).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw AdministrationError(.badRequest, "the request is longer than \(limit) bytes; send a shorter one")
    } catch {
      throw AdministrationError(.badRequest, "the request did not come whole: \(error)")
    }
  }

  private static func refusal(_ error: AdministrationError) -> Response {
    let status: HTTPResponse.Status =
      switch error.kind {
      case .badRequest: .badRequest
      case .forbidden: .forbidden
      case .unknown: .notFound
      case .refused: .conflict
      case .notReady: .serviceUnavailable
      case .unreachable, .failed: .internalServerError
      }
    return answer(["kind": .string(error.kind.rawValue), "message": .string(error.description)], status)
  }

  private static func answer(_ value: JSONValue, _ status: HTTPResponse.Status) -> Response {
    Response(
      status: status,
      headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.serialized() + [UInt8(ascii: "\n")]))
    )
  }
}
