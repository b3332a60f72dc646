package import CallServer
package import CallerAuthentication
import CertificateAuthority
package import FoundationEssentials
package import Logging
package import MeshAuthority
import NIOConcurrencyHelpers

/// Authenticates the callers of the gRPC services. Strangers learn nothing of why not; the audit log and the metrics do.
package struct IdentityAuthentication: CallerAuthentication {
  private let authenticator: Authenticator
  private let now: @Sendable () -> Date
  private let audit: AuditLog
  private let budget = NIOLockedValueBox(LineBudget(linesPerSecond: 10))
  private let metrics: IdentityMetrics
  private let logger: Logger

  package init(
    _ authenticator: Authenticator,
    now: @escaping @Sendable () -> Date = { Date() },
    audit: AuditLog,
    metrics: IdentityMetrics,
    logger: Logger
  ) {
    self.authenticator = authenticator
    self.now = now
    self.audit = audit
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
      note(error.failure, evidence)
      return nil
    }
  }

  private func note(_ failure: AuthenticationFailure, _ evidence: CallerEvidence) {
    metrics.refused(failure.reason.rawValue)
    logger.debug(
      "A caller could not be authenticated",
      metadata: ["reason": "\(failure.reason.rawValue)", "error": "\(failure)", "peer": "\(evidence.peer)"]
    )
    let moment = now()
    let (isAllowed, suppressed) = budget.withLockedValue { $0.spend(now: moment) }
    guard isAllowed else { return metrics.lineSuppressed() }
    audit.write(.unauthenticated(failure, evidence, suppressed: suppressed, now: moment))
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
