import KubernetesObjects
package import Logging

/// One JSON object a line: `time`, `level`, `logger`, `message`, `error`, then the metadata.
package struct JSONLogHandler: LogHandler {
  package var logLevel = Logger.Level.info
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let output: LogOutput
  private let now: @Sendable () -> Timestamp

  /// Metadata by these names is prefixed, so that no value hides what the line is about.
  private static let reserved: Set<String> = ["time", "level", "logger", "message", "error"]

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
    var writer = JSONWriter(reservingCapacity: 256)
    writer.object { writer in
      writer.member("time", now().description)
      writer.member("level", event.level.rawValue)
      writer.member("logger", label)
      writer.member("message", event.message.description)
      if let error = event.error { writer.member("error", "\(error)") }
      for (key, value) in metadata(with: event).sorted(by: { $0.key < $1.key }) {
        writer.member(Self.reserved.contains(key) ? "metadata.\(key)" : key, Self.json(value))
      }
    }
    output.write(writer.bytes + [UInt8(ascii: "\n")])
  }

  private static func json(_ value: Logger.MetadataValue) -> JSONValue {
    switch value {
    case .string(let string): .string(string)
    case .stringConvertible(let number as Int): .number(JSONNumber(number))
    case .stringConvertible(let flag as Bool): .bool(flag)
    case .stringConvertible(let value): .string(value.description)
    case .array(let values): .array(values.map(json))
    case .dictionary(let values):
      .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) }))
    }
  }
}

extension LogHandler {
  /// The handler's own, its provider's and the event's metadata; the later wins.
  func metadata(with event: LogEvent) -> Logger.Metadata {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    return all
  }
}
