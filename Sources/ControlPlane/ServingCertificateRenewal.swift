package import CertificateAuthority
package import FoundationEssentials
package import KubernetesAPI
package import Logging
package import MeshAuthority
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Has the mesh's authority issue a certificate for a server of ours (the webhook), and another at half of its life.
///
/// After a rotation it is the last to go under the new root: every client verifies by a copy of the bundle that it got at
/// some time. Only where the old root has left the bundle there is nothing to wait for.
package final class ServingCertificateRenewal: Service {
  /// What a server needs.
  package struct Issued: Sendable {
    /// The leaf first, then its intermediates.
    package let chainPEM: String
    package let keyPEM: SecretBytes
    package let notAfter: Date
  }

  private struct Current: Sendable {
    var renewAt: Date
    var root: AuthorityID
  }

  private static let pulse = Duration.seconds(1)

  private let authority: MeshAuthority
  private let keys: any KeyMaker
  private let names: [String]
  private let serve: @Sendable (Issued) throws -> Void
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let logger: Logger
  private let current = NIOLockedValueBox<Current?>(nil)

  /// - Parameters:
  ///   - names: host names and IP addresses by which clients call, such as `amesh.amesh-system.svc`.
  ///   - serve: puts it to use from the next handshake on.
  package init(
    authority: MeshAuthority,
    keys: any KeyMaker,
    names: [String],
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    logger: Logger,
    serve: @escaping @Sendable (Issued) throws -> Void
  ) {
    self.authority = authority
    self.keys = keys
    self.names = names
    self.time = time
    self.wallClock = wallClock
    self.logger = logger
    self.serve = serve
  }

  /// Whether a certificate of the mesh's is served: until then the server has none that clients trust.
  package var isReady: Bool { current.withLockedValue { $0 != nil } }

  /// Takes another certificate if it is time.
  ///
  /// - Throws: when that fails; the one before stays in use.
  package func refresh(now: Date) throws {
    guard let signing = authority.signing else { throw MeshAuthorityError.notReady }
    if let current = current.withLockedValue({ $0 }), now < current.renewAt,
      signing.bundle.authorities.contains(where: { AuthorityID($0) == current.root })
    {
      return
    }
    let key = try keys.makeKey(.ecdsaP256)
    let released = try authority.issueServing(names, for: ProvenKey(key), now: now)
    let end = released.certificate.validity.notAfter
    try serve(
      Issued(
        chainPEM: released.chain.map(\.pem).joined(),
        keyPEM: try key.privateKeyPEM(),
        notAfter: end
      )
    )
    let renewAt = now.addingTimeInterval(end.timeIntervalSince(now) / 2)
    current.withLockedValue { $0 = Current(renewAt: renewAt, root: signing.root) }
    logger.info("The webhook has a new certificate", metadata: ["certificate": "\(released.certificate)"])
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var told = ""
      while !Task.isCancelled {
        do {
          try self.refresh(now: self.wallClock())
          told = ""
        } catch MeshAuthorityError.notReady where self.authority.signing == nil {
          // It starts, and whoever looks after the authority tells what is in its way.
        } catch {
          // The same failure is told once, not every second.
          let problem = "\(error)"
          if problem != told {
            self.logger.error("The webhook gets no new certificate", metadata: ["error": "\(problem)"])
          }
          told = problem
        }
        // Only cancellation ends it early.
        try? await self.time.sleep(Self.pulse)
      }
    }
  }
}
