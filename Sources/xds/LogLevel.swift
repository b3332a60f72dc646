import Logging

/// Levels by nginx's names, which injection uses, and by swift-log's.
enum LogLevel {
  static func named(_ name: String) -> Logger.Level {
    switch name {
    case "warn": .warning
    case "crit", "alert", "emerg": .critical
    default: Logger.Level(rawValue: name) ?? .info
    }
  }
}
