/// The two dictionaries in shared memory that APISIX reads its configuration from.
package protocol SharedDictionary {
  /// Nil: there is no such key, or its value is no text.
  func value(of key: String, in zone: DictionaryZone) throws(DictionaryError) -> [UInt8]?

  /// Never drops another key for it. After an error the key may be gone.
  func set(_ value: [UInt8], for key: String, in zone: DictionaryZone) throws(DictionaryError)

  /// A key that is not there is no error.
  func remove(_ key: String, in zone: DictionaryZone) throws(DictionaryError)
}

package enum DictionaryZone: String, Sendable, Hashable, CaseIterable {
  /// Objects of APISIX, by `/kind/id`.
  case configuration = "xds-config"
  /// What tells APISIX to read the other one again; and, for ourselves, which keys that one has.
  case version = "xds-config-version"
}

package struct DictionaryError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    case noMemory
    case other
  }

  package var code: Code
  package var zone: DictionaryZone
  package var message: String

  package init(code: Code, zone: DictionaryZone, message: String) {
    self.code = code
    self.zone = zone
    self.message = message
  }

  package var description: String {
    switch code {
    case .noMemory:
      "the shared dictionary \(zone.rawValue) is full; "
        + "give it more in nginx_config.http.custom_lua_shared_dict of APISIX's config.yaml"
    case .other: "the shared dictionary \(zone.rawValue) can't be used: \(message)"
    }
  }
}
