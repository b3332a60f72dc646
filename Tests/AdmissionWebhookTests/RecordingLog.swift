import Logging
import Synchronization

/// A log that remembers the levels of what was logged.
final class RecordingLog: LogHandler {
  private let recorded = Mutex<[Logger.Level]>([])

  var levels: [Logger.Level] { recorded.withLock { $0 } }

  var logLevel: Logger.Level {
    get { .debug }
    set {}
  }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }

  func log(event: LogEvent) {
    recorded.withLock { $0.append(event.level) }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
}
