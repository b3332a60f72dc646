package import Logging

/// Writes each event as one line, in the form that `Format` gives it.
package struct LineLogHandler<Format: LogLineFormat>: LogHandler {
  package var logLevel = Logger.Level.info
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let output: LogOutput
  private let now: @Sendable () -> Timestamp

  package init(
    label: String,
    output: LogOutput = .standardError,
    now: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.label = label
    self.output = output
    self.now = now
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let line = Format.line(event, time: now(), logger: label, metadata: sortedMetadata(event))
    output.write(line + [UInt8(ascii: "\n")])
  }

  /// The handler's own, its provider's and the event's metadata; the later wins.
  private func sortedMetadata(_ event: LogEvent) -> [(key: String, value: Logger.MetadataValue)] {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    return all.sorted { $0.key < $1.key }
  }
}

/// How an event is spelled.
package protocol LogLineFormat {
  /// The line without its line break, which must not be in it either.
  static func line(
    _ event: LogEvent,
    time: Timestamp,
    logger: String,
    metadata: [(key: String, value: Logger.MetadataValue)]
  ) -> [UInt8]
}
