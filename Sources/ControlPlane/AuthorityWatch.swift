package import CertificateAuthority
package import FoundationEssentials
package import KubernetesAPI
package import Logging
import MeshAuthority
import ServiceLifecycle

/// Tells people at the authority's own objects, by Events and in the log, what will hurt unless somebody acts.
package struct AuthorityWatch: Service {
  /// Between looks; what is over so soon nobody need be told of.
  private static let period = Duration.seconds(60)
  /// Until the same is told again: an Event lives for an hour.
  private static let again: TimeInterval = 1800

  /// What is told, whatever its wording says of this moment.
  private struct Topic: Hashable {
    var subject: EventSubject
    var reason: String
  }

  private let plane: ClusterAuthority
  private let policy: RotationPolicy
  private let post: @Sendable (Notice) -> Void
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let logger: Logger

  /// - Parameter post: takes what is to be told; see ``EventRecorder/post(_:)``.
  package init(
    _ plane: ClusterAuthority,
    policy: RotationPolicy,
    post: @escaping @Sendable (Notice) -> Void,
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    logger: Logger
  ) {
    self.plane = plane
    self.policy = policy
    self.post = post
    self.time = time
    self.wallClock = wallClock
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var told: [Topic: Date] = [:]
      while !Task.isCancelled {
        // Only cancellation ends it early.
        try? await self.time.sleep(Self.period)
        if !Task.isCancelled { self.look(&told, now: self.wallClock()) }
      }
    }
  }

  private func look(_ told: inout [Topic: Date], now: Date) {
    // What all replicas see one of them tells.
    let leads = plane.election.leadership != nil
    let notices = (leads ? plane.shared(policy, now: now) : []) + plane.own
    let topics = notices.map { Topic(subject: $0.subject, reason: $0.reason) }
    // What has gone and comes again is news.
    told = told.filter { topics.contains($0.key) }
    let warnings = leads ? Set(plane.warnings(policy, now: now)) : []
    for (notice, topic) in zip(notices, topics) {
      if let last = told[topic], abs(now.timeIntervalSince(last)) < Self.again { continue }
      told[topic] = now
      // The others are in the log already, told by what met with them.
      if warnings.contains(notice) {
        logger.warning("\(notice.message)", metadata: ["reason": "\(notice.reason)"])
      }
      post(notice)
    }
  }
}
