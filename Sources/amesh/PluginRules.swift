import CoreMetrics
import KubernetesObjects
import Logging
import MeshConfiguration
import PluginConfiguration
import ServiceLifecycle
import Synchronization

/// What plugin configurations are judged by: the schema file is followed, and the last good one stays.
final class PluginRules: Service {
  private struct Memory {
    var check: PluginConfigCheck
    var seen: Seen
    var listeners: [@Sendable (PluginConfigCheck) -> Void] = []
  }

  private enum Seen: Equatable {
    case nothing
    case bytes([UInt8])
    case problem(String)
  }

  private static let interval = Duration.seconds(2)

  private let file: String?
  private let memory: Mutex<Memory>
  private let verdicts: [Bool: Counter]
  private let logger: Logger

  init(_ settings: PluginSettings, metrics factory: any MetricsFactory, logger: Logger) {
    file = settings.schemaFile
    let check = PluginConfigCheck(unknownPlugins: settings.unknownPlugins, codePlugins: settings.codePlugins)
    memory = Mutex(Memory(check: check, seen: .nothing))
    verdicts = [
      true: Counter(
        label: "amesh_plugin_config_reviews_total",
        dimensions: [("verdict", "allowed")],
        factory: factory
      ),
      false: Counter(label: "amesh_plugin_config_reviews_total", dimensions: [("verdict", "denied")], factory: factory),
    ]
    self.logger = logger
    look()
  }

  var check: PluginConfigCheck { memory.withLock { $0.check } }

  /// Calls `listener` with each later set of rules.
  func onChange(_ listener: @escaping @Sendable (PluginConfigCheck) -> Void) {
    memory.withLock { $0.listeners.append(listener) }
  }

  /// Answers the API server.
  func judge(_ review: AdmissionReview) -> AdmissionResponse {
    let answer = check.answer(review)
    verdicts[answer.denial == nil]?.increment()
    return answer
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // Without a file there is nothing to follow, but a service that ends takes the process with it.
      while !Task.isCancelled {
        try? await Task.sleep(for: self.file == nil ? .seconds(1 << 30) : Self.interval)
        self.look()
      }
    }
  }

  private func look() {
    guard let file else { return }
    let found: Seen
    do {
      found = .bytes(try WholeFile.read(file, limit: PluginSchemas.maximumBytes))
    } catch {
      found = .problem("\(error)")
    }
    guard memory.withLock({ $0.seen }) != found else { return }
    memory.withLock { $0.seen = found }
    switch found {
    case .bytes(let bytes): take(bytes, file)
    case .problem(let problem):
      logger.notice(
        "There is no schema file: what plugins themselves demand is judged by what was read last, if anything",
        metadata: ["file": "\(file)", "reason": "\(problem)"]
      )
    case .nothing: break
    }
  }

  private func take(_ bytes: [UInt8], _ file: String) {
    do throws(PluginSchemasError) {
      let schemas = try PluginSchemas(parsing: bytes)
      let (check, listeners) = memory.withLock { memory in
        memory.check.schemas = schemas
        return (memory.check, memory.listeners)
      }
      logger.info(
        "The schemas of plugins were read",
        metadata: ["file": "\(file)", "plugins": "\(schemas.names.count)"]
      )
      for listener in listeners { listener(check) }
    } catch {
      logger.error(
        "The schema file is refused; the last good one stays in force",
        metadata: ["file": "\(file)", "reason": "\(error)"]
      )
    }
  }
}
