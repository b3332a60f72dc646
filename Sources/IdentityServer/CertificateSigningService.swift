package import CallServer
import CallerAuthentication
import CertificateAuthority
import EnvoyAPI
import EnvoyServices
package import FoundationEssentials
import GRPCCore
package import Logging
import MeshAuthority
import SwiftProtobuf

/// Istio's CSR API: a PKCS #10 request in, a chain and the bundle out.
package struct CertificateSigningService: CallService {
  private typealias Answer = UnaryAnswer<Istio_V1_Auth_IstioCertificateResponse>

  /// In the response's metadata: the seconds that the certificate lives, and, where that is less than was asked, why:
  /// `cap` or `signer-end`.
  package static let lifetimeKey = "amesh-lifetime-seconds"
  package static let limitKey = "amesh-lifetime-limit"

  private let issuer: WorkloadIssuer
  private let authentication: any CallerAuthentication
  private let streams: StreamBook
  private let gate: IssuingGate
  private let now: @Sendable () -> Date
  private let draw: @Sendable () -> Double
  private let logger: Logger

  /// - Parameters:
  ///   - streams: shared by all services of the process.
  ///   - width: how many requests are worked on at a time: one for each core.
  ///   - maximumWaiting: how many more may wait before callers are sent away.
  ///   - draw: a number from 0 up to 1, at random; spreads those that are told to come again.
  package init(
    issuer: WorkloadIssuer,
    authentication: any CallerAuthentication,
    streams: StreamBook,
    width: Int,
    maximumWaiting: Int = 4096,
    now: @escaping @Sendable () -> Date = { Date() },
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.issuer = issuer
    self.authentication = authentication
    self.streams = streams
    self.now = now
    self.draw = draw
    self.logger = logger
    gate = IssuingGate(width: width, maximumWaiting: maximumWaiting)
  }

  package var methods: [String: any CallMethod] {
    let method = AuthenticatedMethod(authentication, streams) { caller, place, call in
      UnaryReceiver(call, place) { request throws(RPCError) in
        let start = ContinuousClock.now
        defer { issuer.metrics.requestAnswered(after: ContinuousClock.now - start) }
        return try await answer(request, to: caller)
      }
    }
    return [Istio_V1_Auth_IstioCertificateService.Method.CreateCertificate.descriptor.path: method]
  }

  private func answer(
    _ message: Istio_V1_Auth_IstioCertificateRequest,
    to caller: Caller
  ) async throws(RPCError) -> Answer {
    let issued = try await gate.pass(renewal: caller.method == .certificate) { () throws(RPCError) in
      try issue(message, to: caller)
    }
    guard let issued else {
      issuer.refuse(caller, through: .signingRequest, .overloaded, "too many requests wait", now: now())
      throw RPCError.comeAgain(.resourceExhausted, "too many requests for certificates wait; come again", draw: draw())
    }
    return issued
  }

  private func issue(
    _ request: Istio_V1_Auth_IstioCertificateRequest,
    to caller: Caller
  ) throws(RPCError) -> Answer {
    let now = now()
    let released: ReleasedCertificate
    do {
      // Before anything costly is done for nothing.
      guard issuer.authority.isReady(now: now) else {
        let error = WorkloadIssuerError.authority(.notReady)
        issuer.refuse(caller, through: .signingRequest, error.reason, "\(error)", now: now)
        throw error
      }
      let key = try issuer.provenKey(request.csr, of: caller, through: .signingRequest, now: now)
      released = try issuer.issue(
        Self.requested(request),
        to: caller,
        for: key,
        lifetime: Self.lifetime(request),
        through: .signingRequest,
        now: now
      )
    } catch {
      throw status(error)
    }
    let end = released.certificate.validity.notAfter
    issuer.authority.handedOut(leafEnds: end, withBundle: true)
    // Read after the book was told, so that it is never older than the book believes.
    let bundle = issuer.authority.signing?.bundle.pem ?? ""
    var metadata: Metadata = [:]
    metadata.addString("\(Int(end.timeIntervalSince(now).rounded()))", forKey: Self.lifetimeKey)
    if let limit = released.limit { metadata.addString(limit.rawValue, forKey: Self.limitKey) }
    return Answer(message: .with { $0.certChain = released.chain.map(\.pem) + [bundle] }, metadata: metadata)
  }

  /// Istio lets some callers ask for another's identity; here nobody may.
  private static func requested(_ request: Istio_V1_Auth_IstioCertificateRequest) -> RequestedIdentity {
    guard let other = request.metadata.fields["ImpersonatedIdentity"] else { return .own }
    return .named(other.stringValue)
  }

  /// Seconds that no sum overflows with; the policy cuts them further.
  private static func lifetime(_ request: Istio_V1_Auth_IstioCertificateRequest) -> Duration? {
    request.validityDuration > 0 ? .seconds(min(request.validityDuration, 1 << 40)) : nil
  }

  private func status(_ error: any Error) -> RPCError {
    switch error {
    case let error as CertificateRequestError: return RPCError(code: .invalidArgument, message: "\(error)")
    case WorkloadIssuerError.unauthorized(let error): return RPCError(code: .permissionDenied, message: "\(error)")
    case let error as WorkloadIssuerError where error.reason == .notReady:
      return .comeAgain(.unavailable, "no certificate can be issued here now; come again", draw: draw())
    default:
      logger.error("A certificate could not be issued", metadata: ["error": "\(error)"])
      return RPCError(code: .internalError, message: "the certificate could not be issued; the server's log tells why")
    }
  }
}
