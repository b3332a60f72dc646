package import FoundationEssentials
package import KubernetesAPI
package import Logging
package import MeshAuthority
import ServiceLifecycle

/// Has the authority look again as soon as its Secret changes, instead of at its next regular look.
package final class AuthorityFollower: Service {
  private let authority: MeshAuthority
  private let observations: ClusterObservations
  private let watch: SecretWatch
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let bell: Bell

  package init(
    authority: MeshAuthority,
    observations: ClusterObservations,
    client: any KubernetesClient,
    names: ObjectNames,
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    logger: Logger
  ) {
    self.authority = authority
    self.observations = observations
    self.time = time
    self.wallClock = wallClock
    let bell = Bell()
    self.bell = bell
    watch = SecretWatch(client: client, names: names, name: names.authoritySecret, time: time, logger: logger) {
      bell.ring()
    }
  }

  /// Looks soon, as when leadership has come.
  package func look() { bell.ring() }

  package func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await self.watch.run() }
      group.addTask { await cancelWhenGracefulShutdown { await self.follow() } }
      await group.waitForAll()
    }
  }

  private func follow() async {
    while !Task.isCancelled {
      await bell.wait(atMost: .seconds(3600), time)
      if Task.isCancelled { return }
      // What fails here is told by the regular looks, which don't wait for a change.
      _ = try? await authority.look(now: wallClock()) { state in
        await self.authority.observe(through: self.observations, state)
      }
    }
  }
}
