import KubernetesObjects
package import Logging

package typealias JSONLogHandler = LineLogHandler<JSONLogFormat>

/// One JSON object a line: `time`, `level`, `logger`, `message`, `error`, then the metadata.
package enum JSONLogFormat: LogLineFormat {
  /// Metadata by these names is prefixed, so that no value hides what the line is about.
  private static let reserved: Set<String> = ["time", "level", "logger", "message"]

  package static func line(
    _ event: LogEvent,
    time: Timestamp,
    logger: String,
    metadata: [(key: String, value: Logger.MetadataValue)]
  ) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 256)
    writer.object { writer in
      writer.member("time", time.description)
      writer.member("level", event.level.rawValue)
      writer.member("logger", logger)
      writer.member("message", event.message.description)
      if let error = event.error { writer.member("error", "\(error)") }
      for (key, value) in metadata {
        let isTaken = reserved.contains(key) || (key == "error" && event.error != nil)
        writer.member(isTaken ? "metadata.\(key)" : key, json(value))
      }
    }
    return writer.bytes
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
