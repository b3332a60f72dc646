package import CallerAuthentication
import CertificateAuthority
package import FoundationEssentials
package import Logging
package import MeshAuthority

/// Authenticates the callers of the gRPC services. Strangers learn nothing of why not; the log and the metrics do.
package struct IdentityAuthentication: CallerAuthentication {
  private let authenticator: Authenticator
  private let now: @Sendable () -> Date
  private let metrics: IdentityMetrics
  private let logger: Logger

  package init(
    _ authenticator: Authenticator,
    now: @escaping @Sendable () -> Date = { Date() },
    metrics: IdentityMetrics,
    logger: Logger
  ) {
    self.authenticator = authenticator
    self.now = now
    self.metrics = metrics
    self.logger = logger
  }

  package func caller(_ evidence: CallerEvidence) async -> Caller? {
    do throws(Unauthenticated) {
      let caller = try await authenticate(evidence)
      logger.debug(
        "A caller was authenticated",
        metadata: ["identity": "\(caller.identity)", "authenticator": "\(caller.method.rawValue)"]
      )
      return caller
    } catch {
      metrics.refused(error.failure.reason.rawValue)
      logger.info(
        "A caller could not be authenticated",
        metadata: ["reason": "\(error.failure.reason.rawValue)", "error": "\(error.failure)"]
      )
      return nil
    }
  }

  private func authenticate(_ evidence: CallerEvidence) async throws(Unauthenticated) -> Caller {
    let credentials: Credentials
    do {
      credentials = try Credentials(
        authorization: evidence.authorization,
        certificateChain: evidence.certificateChain
      )
    } catch {
      throw Unauthenticated(.credentials(error))
    }
    return try await authenticator.authenticate(credentials, at: now())
  }
}

extension RenewalByCertificate {
  /// Verifies against the authority's bundle, now and after each change. To be called before the authority's first look.
  package func follow(_ authority: MeshAuthority) {
    authority.onChange { self.replace(roots: $0.bundle.authorities) }
    if let signing = authority.signing { replace(roots: signing.bundle.authorities) }
  }
}
