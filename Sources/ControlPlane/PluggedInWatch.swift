package import KubernetesAPI
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Looks at what a person has plugged in whenever that changes, and now and then whatever happens: what was refused for its
/// time only becomes good by itself. One that can't be used changes nothing but is told, once.
package final class PluggedInWatch: Service {
  private let custody: SecretCustody
  private let watch: SecretWatch
  private let time: Timekeeper
  private let logger: Logger
  private let onChange: @Sendable () -> Void
  private let bell: Bell

  /// - Parameter onChange: called when there is something new that can be used.
  package init(
    client: any KubernetesClient,
    custody: SecretCustody,
    time: Timekeeper = Timekeeper(),
    logger: Logger,
    onChange: @escaping @Sendable () -> Void
  ) {
    self.custody = custody
    self.time = time
    self.logger = logger
    self.onChange = onChange
    let bell = Bell()
    self.bell = bell
    let names = custody.names
    watch = SecretWatch(client: client, names: names, name: names.pluggedInSecret, time: time, logger: logger) {
      bell.ring()
    }
  }

  package func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await self.watch.run() }
      group.addTask { await cancelWhenGracefulShutdown { await self.look() } }
      await group.waitForAll()
    }
  }

  private func look() async {
    var told = ""
    while !Task.isCancelled {
      let before = custody.source.newest?.contents
      // What fails on the way is told by the watch.
      _ = try? await custody.lookAtPluggedIn()
      let problem = custody.pluggedInProblem.map { "\($0)" } ?? ""
      if problem != told, !problem.isEmpty {
        logger.error("What is plugged in can't be used; what signs goes on", metadata: ["problem": "\(problem)"])
      }
      told = problem
      let after = custody.source.newest
      if after?.contents != before {
        if let after {
          logger.info("An authority is plugged in", metadata: ["authority": "\(after.authority)"])
        } else {
          logger.notice("No authority is plugged in any more; one that signs already goes on, one that waited does not")
        }
        onChange()
      }
      await bell.wait(atMost: .seconds(60), time)
    }
  }
}
