import Glibc
import Logging
import MeshConfiguration
import Observability

/// Sends the process's logs to standard error in the configured form.
enum ServeLogging {
  static func bootstrap(_ settings: ServerSettings.Log) {
    let level = Logger.Level(rawValue: settings.level.rawValue) ?? .info
    let isText =
      switch settings.format {
      case .text: true
      case .json: false
      case .auto: isatty(STDERR_FILENO) == 1
      }
    LoggingSystem.bootstrap { label in
      if isText {
        var handler = TextLogHandler(label: label)
        handler.logLevel = level
        return handler
      }
      var handler = JSONLogHandler(label: label)
      handler.logLevel = level
      return handler
    }
  }
}
