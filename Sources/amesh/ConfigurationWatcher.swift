import Logging
import MeshConfiguration
import Metrics
import ServiceLifecycle

/// Takes over the mesh part of the configuration file whenever its content changes, and keeps the last good one.
///
/// Content is compared, not time or inode: a ConfigMap is swapped by a symbolic link above the file.
struct ConfigurationWatcher: Service {
  let source: ConfigurationSource
  let file: ConfigurationFile
  /// The content that is in force.
  let initial: [UInt8]
  let current: CurrentConfiguration
  let failures: Counter
  let logger: Logger
  var interval = Duration.seconds(1)
  /// Serves what has just become current.
  let apply: @Sendable (Configuration) -> Void

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var seen: Result<[UInt8], Failure> = .success(initial)
      while true {
        try await Task.sleep(for: interval)
        let now = read()
        switch (seen, now) {
        case (.success(let old), .success(let new)) where old == new: continue
        case (.failure, .failure): continue
        default: break
        }
        seen = now
        take(now)
      }
    }
  }

  private func read() -> Result<[UInt8], Failure> {
    do throws(Failure) {
      return .success(try file.read())
    } catch {
      return .failure(error)
    }
  }

  private func take(_ content: Result<[UInt8], Failure>) {
    switch content {
    case .failure(let failure):
      failures.increment()
      logger.error("configuration file lost; the last good one stays in force", metadata: ["problem": "\(failure)"])
    case .success(let text):
      do throws(InvalidConfiguration) {
        accept(try source.load(text: text).configuration)
      } catch {
        failures.increment()
        for problem in error.problems {
          logger.error(
            "configuration refused; the last good one stays in force",
            metadata: ["problem": "\(problem)", "problems": .stringConvertible(error.problems.count)]
          )
        }
      }
    }
  }

  private func accept(_ new: Configuration) {
    let old = current.snapshot
    let restart = old.keysThatNeedRestart(comparedTo: new)
    if !restart.isEmpty {
      logger.warning(
        "changed keys take effect at the next start; until then the old values stay in force",
        metadata: ["keys": .array(restart.map { .string($0) })]
      )
    }
    let next = old.takingOver(new)
    guard next != old else { return }
    current.replace(next)
    apply(next)
    logger.info("configuration reloaded", metadata: ["hash": .string(next.meshHash)])
  }
}
