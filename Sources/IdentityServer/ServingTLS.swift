package import CallServer
import CertificateAuthority
package import FoundationEssentials
package import Logging
package import MeshAuthority
import NIOConcurrencyHelpers
import NIOSSL
import ServiceLifecycle

/// Of each certificate that a client shows; more are not even parsed.
private let maximumCertificateBytes = 16 << 10

/// The server's own certificate, issued by the authority that it serves for: replaced at half of its life, and when its
/// root leaves the bundle.
package final class ServingTLS: Service {
  private struct Serving {
    /// With the roots of `bundle`.
    var configuration: TLSConfiguration
    var bundle: TrustBundle?
    let renewAt: Date
    let anchor: AuthorityID?
  }

  private let authority: MeshAuthority
  private let cryptography: any MeshAuthority.Libraries
  private let names: [String]
  private let now: @Sendable () -> Date
  private let sleep: @Sendable (Duration) async throws -> Void
  private let metrics: IdentityMetrics
  private let logger: Logger
  private let serving = NIOLockedValueBox<Serving?>(nil)

  /// - Parameter names: host names and IP addresses by which clients verify this server.
  package init(
    authority: MeshAuthority,
    cryptography: any MeshAuthority.Libraries,
    names: [String],
    now: @escaping @Sendable () -> Date = { Date() },
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    metrics: IdentityMetrics,
    logger: Logger
  ) {
    self.authority = authority
    self.cryptography = cryptography
    self.names = names
    self.now = now
    self.sleep = sleep
    self.metrics = metrics
    self.logger = logger
  }

  /// For one connection; nil while there is no certificate.
  package func connection() -> ConnectionTLS? {
    guard let bundle = authority.signing?.bundle, let configuration = configuration(trusting: bundle),
      let context = try? NIOSSLContext(configuration: configuration)
    else { return nil }
    return ConnectionTLS(context: context) { [authority, now] chain in
      // The bundle of this moment, not of the connection's beginning.
      guard let bundle = authority.signing?.bundle else { throw MeshAuthorityError.notReady }
      guard chain.count <= TrustBundle.maximumChain, chain.allSatisfy({ $0.count <= maximumCertificateBytes }) else {
        throw VerificationError.chainTooLong
      }
      _ = try await bundle.verify(chain.map { try MeshCertificate(derBytes: $0) }, at: now())
    }
  }

  private func configuration(trusting bundle: TrustBundle) -> TLSConfiguration? {
    serving.withLockedValue { serving in
      guard let current = serving else { return nil }
      if current.bundle == bundle { return current.configuration }
      let roots = try? bundle.authorities.map { try NIOSSLCertificate(bytes: $0.derBytes, format: .der) }
      guard let roots else { return nil }
      serving?.configuration.trustRoots = .certificates(roots)
      serving?.bundle = bundle
      return serving?.configuration
    }
  }

  /// Whether there is a certificate to serve with.
  package var isReady: Bool { serving.withLockedValue { $0 != nil } }

  /// Takes another certificate if it is time.
  ///
  /// - Throws: when that fails; the one before stays in use.
  package func refresh(now: Date) throws {
    guard let signing = authority.signing else { throw MeshAuthorityError.notReady }
    let anchor = signing.anchor
    // Clients verify this one by whatever copy of the bundle they have, so it is the last to go under another root.
    let old = serving.withLockedValue { $0 }
    if let old, now < old.renewAt, old.anchor.map({ signing.trusts($0) }) ?? (anchor == nil) { return }
    let key = try cryptography.makeKey(.ecdsaP256)
    let released = try authority.issueServing(names, for: ProvenKey(key), now: now)
    let pem = try key.privateKeyPEM()
    let configuration = ConnectionTLS.configuration(
      certificateChain: try released.chain.map { try NIOSSLCertificate(bytes: $0.derBytes, format: .der) },
      privateKey: try pem.withUnsafeBytes { try NIOSSLPrivateKey(bytes: Array($0), format: .pem) },
      trustRoots: []
    )
    let end = released.certificate.validity.notAfter
    let renewAt = now.addingTimeInterval(end.timeIntervalSince(now) / 2)
    serving.withLockedValue {
      $0 = Serving(configuration: configuration, bundle: nil, renewAt: renewAt, anchor: anchor)
    }
    metrics.servingCertificateExpires(at: end)
    logger.info("The identity server has a new certificate", metadata: ["certificate": "\(released.certificate)"])
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var told = ""
      while !Task.isCancelled {
        do {
          try self.refresh(now: self.now())
          told = ""
        } catch MeshAuthorityError.notReady where self.authority.signing == nil {
          // It starts, and whoever looks after the authority tells what is in its way.
        } catch {
          // The same failure is told once, not every second.
          let problem = "\(error)"
          if problem != told {
            self.logger.error("The identity server gets no new certificate", metadata: ["error": "\(problem)"])
          }
          told = problem
        }
        try? await self.sleep(.seconds(1))
      }
    }
  }
}
