import CallerAuthentication
import CertificateAuthority
import CertificateCustody
import Crypto
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import MeshAuthority
import MetricsTestKit
import NIOConcurrencyHelpers
import OpenSSLKeys
import SPIFFE
import SecretDiscovery
import SwiftASN1
import X509

@testable import IdentityServer

/// A real authority with a clock of ours, and everything that serves what it issues.
final class Mesh: Sendable {
  typealias Clock = NIOLockedValueBox<Date>

  static let token = "cart-" + String(repeating: "0123456789abcdef", count: 3)

  let trustDomain: TrustDomain
  let cart: WorkloadIdentity
  let authority: MeshAuthority
  let custody = MemoryCustody()
  let openSSL = OpenSSL()
  let recorded = TestMetrics()
  let metrics: IdentityMetrics
  let issuer: WorkloadIssuer
  let source: AuthoritySecretSource
  let authentication: IdentityAuthentication
  private let clock: Clock

  init(
    start: Date = Date(timeIntervalSince1970: 1_800_000_000),
    strict: Bool = false,
    serverGeneratedKeys: Bool = true,
    lifetime: StreamLifetime = StreamLifetime(),
    audit: AuditLog = .logger(.silent),
    hasEnded: @escaping @Sendable (Caller) -> Bool = { _ in false },
    sleep: @escaping @Sendable (Mesh.Clock) async throws -> Void = { _ in },
    policy: RotationPolicy = Mesh.policy
  ) async throws {
    let trustDomain = try TrustDomain("mesh.test")
    self.trustDomain = trustDomain
    cart = try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: "cart")
    let clock = NIOLockedValueBox(start)
    self.clock = clock
    let now: @Sendable () -> Date = { clock.withLockedValue { $0 } }
    let openSSL = openSSL
    authority = MeshAuthority(
      configuration: MeshAuthorityConfiguration(trustDomain: trustDomain, policy: policy, replica: "one"),
      custody: custody,
      cryptography: openSSL,
      openKey: { key throws(KeyError) in
        switch key {
        case .pem(let pem): try openSSL.importKey(pem: pem)
        case .uri(let uri): try openSSL.openKey(at: uri)
        }
      }
    )
    metrics = IdentityMetrics(factory: recorded)
    issuer = WorkloadIssuer(
      authority: authority,
      cryptography: openSSL,
      refusesForeignNames: strict,
      audit: audit,
      metrics: metrics
    )
    var configuration = AuthoritySecretSource.Configuration()
    configuration.serverGeneratedKeys = serverGeneratedKeys
    configuration.streamLifetime = lifetime
    configuration.hasEnded = hasEnded
    source = AuthoritySecretSource(
      issuer: issuer,
      configuration: configuration,
      now: now,
      sleep: { _ in try await sleep(clock) },
      draw: { 0.5 },
      logger: .silent
    )
    let renewal = RenewalByCertificate(trustDomain: trustDomain, roots: [])
    renewal.follow(authority)
    let file = FileContents(
      path: "tokens",
      bytes: Array("tokens: [{token: \(Self.token), identity: \(cart)}]".utf8),
      permissions: 0o600,
      owner: 0
    )
    let tokens = try StaticTokens(file: file, user: 0, trustDomain: trustDomain)
    authentication = IdentityAuthentication(
      Authenticator([tokens, renewal]),
      now: now,
      audit: audit,
      metrics: metrics,
      logger: .silent
    )
  }

  /// Leaves of a minute, a rotation of a few.
  static var policy: RotationPolicy {
    var policy = RotationPolicy()
    policy.rootLife = 100_000
    policy.prepareAhead = 20_000
    policy.intermediateLife = 4_000
    policy.leafLife = 60
    policy.leafCap = 100
    policy.skew = 120
    return policy
  }

  var now: Date { clock.withLockedValue { $0 } }

  func advance(by seconds: TimeInterval) { clock.withLockedValue { $0 += seconds } }

  /// Moves the clock, and has everything done that is due then.
  func pass(_ seconds: TimeInterval) async {
    advance(by: seconds)
    await source.tick(now: now)
  }

  func look() async throws { _ = try await authority.look(now: now) { [authority] in authority.observeAlone($0) } }

  func command(_ command: RotationCommand, force: Bool = false) async throws {
    _ = try await authority.command(command, force: force, now: now) { [authority] in authority.observeAlone($0) }
  }

  func caller(expiry: TimeInterval? = nil, pod: Caller.BoundObject? = nil) -> Caller {
    Caller(
      identity: cart,
      method: .staticToken,
      lastTokenAuthentication: now,
      credentialExpiry: expiry.map { now + $0 },
      credentialHash: CredentialHash(of: []),
      pod: pod
    )
  }

  var bundle: TrustBundle? { authority.signing?.bundle }

  /// A PKCS #10 request in PEM.
  static func request(_ key: P256.Signing.PrivateKey = P256.Signing.PrivateKey(), names: [String] = []) throws -> String
  {
    let names = SubjectAlternativeNames(names.map { .uniformResourceIdentifier($0) })
    let request = try CertificateSigningRequest(
      version: .v1,
      subject: DistinguishedName(),
      privateKey: Certificate.PrivateKey(key),
      attributes: CertificateSigningRequest.Attributes([
        .init(ExtensionRequest(extensions: Certificate.Extensions([Certificate.Extension(names, critical: false)])))
      ]),
      signatureAlgorithm: .ecdsaWithSHA256
    )
    return try request.serializeAsPEM().pemString
  }
}

extension TestMetrics {
  /// Certificates over SDS to callers with a token.
  func issued() throws -> Int64 {
    try expectCounter(
      "amesh_certificates_issued_total",
      [("interface", "sds"), ("authenticator", "static_token")]
    ).totalValue
  }

  func refused(_ reason: RefusalReason) throws -> Int64 {
    try expectCounter("amesh_certificates_refused_total", [("reason", reason.rawValue)]).totalValue
  }
}
