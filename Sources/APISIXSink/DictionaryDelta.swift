/// How the objects of APISIX change: what a translation gives to the sink.
package struct DictionaryDelta: Sendable, Equatable {
  /// Key as APISIX reads it (`/routes/r1`) → object in JSON, with its id.
  package var settings: [String: [UInt8]]
  package var removals: Set<String>

  package init(settings: [String: [UInt8]] = [:], removals: Set<String> = []) {
    self.settings = settings
    self.removals = removals
  }

  package var isEmpty: Bool { settings.isEmpty && removals.isEmpty }
}
