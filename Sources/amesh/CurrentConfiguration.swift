import MeshConfiguration
import Synchronization

/// The configuration that is in force.
final class CurrentConfiguration: Sendable {
  private let current: Mutex<Configuration>

  init(_ configuration: Configuration) { current = Mutex(configuration) }

  var snapshot: Configuration { current.withLock { $0 } }

  func replace(_ configuration: Configuration) { current.withLock { $0 = configuration } }
}
