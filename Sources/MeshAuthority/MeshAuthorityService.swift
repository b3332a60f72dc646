package import CertificateAuthority
package import FoundationEssentials
package import Logging
import ServiceLifecycle

/// Looks after the authority until the process ends: first look at the start, then whenever something is due.
package struct MeshAuthorityService: Service {
  /// Seconds between looks while rotation waits for something that may come at any time, while it waits for nothing, and
  /// after a failure.
  private static let (whileHeld, whileQuiet, afterFailure) = (1.0, 30.0, 5.0)

  private let authority: MeshAuthority
  private let observe: @Sendable (AuthorityState) async -> RotationObservations
  private let now: @Sendable () -> Date
  private let logger: Logger

  package init(
    authority: MeshAuthority,
    observe: @escaping @Sendable (AuthorityState) async -> RotationObservations,
    now: @escaping @Sendable () -> Date = { Date() },
    logger: Logger
  ) {
    self.authority = authority
    self.observe = observe
    self.now = now
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var told = ""
      while !Task.isCancelled {
        var wait = Self.afterFailure
        let before = authority.signing?.generation
        do {
          let next = try await authority.look(now: now(), observe: observe)
          let longest = authority.holds.isEmpty ? Self.whileQuiet : Self.whileHeld
          wait = min(longest, max(0.1, next.timeIntervalSince(now())))
          if !told.isEmpty { logger.notice("The authority takes its steps again") }
          told = ""
        } catch {
          // What is under way when the process ends has not failed.
          if Task.isCancelled { break }
          // The same failure is told once, not every few seconds.
          let problem = "\(error)"
          if problem != told { logger.error("The authority could not take a step", metadata: ["error": "\(problem)"]) }
          told = problem
        }
        if let signing = authority.signing, signing.generation != before {
          logger.info(
            "The authority's state changed",
            metadata: [
              "generation": "\(signing.generation)",
              "roots": "\(signing.bundle.authorities.count)",
              "issuer": "\(signing.issuer.certificate)",
            ]
          )
        }
        await pause(wait)
      }
    }
  }

  /// Waits, but not on when someone else has changed the state meanwhile: a person's command has steps of its own to follow.
  private func pause(_ seconds: TimeInterval) async {
    let seen = authority.signing?.generation
    var left = seconds
    while left > 0, !Task.isCancelled, authority.signing?.generation == seen {
      let nap = min(left, 1)
      // Only cancellation ends it early.
      try? await Task.sleep(for: .seconds(nap))
      left -= nap
    }
  }
}
