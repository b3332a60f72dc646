import Logging
import NIOConcurrencyHelpers

/// A log that remembers the levels of what was logged.
final class RecordingLog: LogHandler {
  private let recorded = NIOLockedValueBox<[Logger.Level]>([])

  var levels: [Logger.Level] { recorded.withLockedValue { $0 } }

  var logLevel: Logger.Level {
    get { .debug }
    set {}
  }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }

  func log(event: LogEvent) {
    recorded.withLockedValue { $0.append(event.level) }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
}
