package import CertificateAuthority
package import FoundationEssentials
package import KubernetesAPI
package import Logging
import MeshAuthority
import ServiceLifecycle

/// Tells people at the authority's own objects, by Events and in the log, what will hurt unless somebody acts.
package struct AuthorityWatch: Service {
  /// An Event lives for an hour.
  private static let period = Duration.seconds(1800)
  /// Until the first look at the start is over.
  private static let first = Duration.seconds(60)

  private let plane: ClusterAuthority
  private let names: ObjectNames
  private let policy: RotationPolicy
  private let post: @Sendable (Notice) -> Void
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let logger: Logger

  /// - Parameter post: takes what is to be told; see ``EventRecorder/post(_:)``.
  package init(
    _ plane: ClusterAuthority,
    names: ObjectNames,
    policy: RotationPolicy,
    post: @escaping @Sendable (Notice) -> Void,
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    logger: Logger
  ) {
    self.plane = plane
    self.names = names
    self.policy = policy
    self.post = post
    self.time = time
    self.wallClock = wallClock
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var wait = Self.first
      while !Task.isCancelled {
        // Only cancellation ends it early.
        try? await self.time.sleep(wait)
        wait = Self.period
        if !Task.isCancelled { await self.look(now: self.wallClock()) }
      }
    }
  }

  /// Looks once. A state that can't be read is told by whoever takes the steps of rotation.
  func look(now: Date) async {
    // What all replicas see one of them tells.
    guard plane.election.leadership != nil, let state = try? await plane.authority.storedState() else { return }
    let ends = plane.custody.pluggedInEnds
    let warnings = AuthorityWarnings.of(
      state,
      holds: plane.authority.holds,
      pluggedInEnds: ends,
      policy,
      now: now
    )
    for warning in warnings {
      logger.warning("\(warning.message)", metadata: ["reason": "\(warning.reason)"])
      let name = warning.reason == AuthorityWarnings.pluggedInExpires ? names.pluggedInSecret : names.authoritySecret
      let subject = EventSubject(apiVersion: "v1", kind: "Secret", namespace: names.namespace, name: name)
      post(Notice(subject, reason: warning.reason, message: warning.message))
    }
  }
}
