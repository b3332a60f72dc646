import APISIXSink

/// The twin of nginx's shared dictionaries, with its ways when memory runs out: what was there of the key is lost.
final class MemoryDictionary: SharedDictionary {
  /// Bytes of keys and values that fit into the configuration's zone.
  var capacity = Int.max
  var versionCapacity = Int.max
  private(set) var contents: [DictionaryZone: [String: [UInt8]]] = [.configuration: [:], .version: [:]]
  /// Writes to the configuration and of the version, in short words.
  var log: [String] = []

  func value(of key: String, in zone: DictionaryZone) -> [UInt8]? { contents[zone]?[key] }

  func set(_ value: [UInt8], for key: String, in zone: DictionaryZone) throws(DictionaryError) {
    contents[zone]?[key] = nil
    guard used(zone) + key.utf8.count + value.count <= (zone == .configuration ? capacity : versionCapacity) else {
      throw DictionaryError(code: .noMemory, zone: zone, message: "no memory")
    }
    contents[zone]?[key] = value
    note("\(key)=\(String(decoding: value, as: UTF8.self))", key, zone)
  }

  func remove(_ key: String, in zone: DictionaryZone) {
    contents[zone]?[key] = nil
    note("-\(key)", key, zone)
  }

  var objects: [String: String] {
    (contents[.configuration] ?? [:]).filter { $0.key != SinkConfiguration.anchor.key }
      .mapValues { String(decoding: $0, as: UTF8.self) }
  }

  var version: String? { contents[.version]?["version"].map { String(decoding: $0, as: UTF8.self) } }

  /// Bytes of the configuration.
  var used: Int { used(.configuration) }

  private func used(_ zone: DictionaryZone) -> Int {
    contents[zone, default: [:]].reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
  }

  private func note(_ text: String, _ key: String, _ zone: DictionaryZone) {
    if zone == .configuration || key == "version" { log.append(text) }
  }
}

extension DictionaryDelta {
  init(_ settings: [String: String], removals: Set<String> = []) {
    self.init(settings: settings.mapValues { Array($0.utf8) }, removals: removals)
  }
}
