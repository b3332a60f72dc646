package import APISIXSink
import CSharedDictionary
import Glibc

/// The dictionaries of the nginx that this process is.
package struct NginxDictionary: SharedDictionary, Sendable {
  // Addresses of `ngx_shm_zone_t`: they live as long as the process, and their contents have a lock of their own.
  private let configuration: UInt
  private let version: UInt

  package init(configuration: UnsafeMutableRawPointer, version: UnsafeMutableRawPointer) {
    self.configuration = UInt(bitPattern: configuration)
    self.version = UInt(bitPattern: version)
  }

  package func value(of key: String, in zone: DictionaryZone) throws(DictionaryError) -> [UInt8]? {
    var value: UnsafeMutablePointer<UInt8>?
    var length = 0
    var message: UnsafePointer<CChar>?
    let result = with(key) { amesh_dictionary_get(pointer(zone), $0, $1, &value, &length, &message) }
    defer { free(value) }
    guard result >= 0 else { throw error(message, zone) }
    guard result == 1, let value else { return nil }
    return Array(UnsafeBufferPointer(start: value, count: length))
  }

  package func set(_ value: [UInt8], for key: String, in zone: DictionaryZone) throws(DictionaryError) {
    var message: UnsafePointer<CChar>?
    let result = with(key) { key, length in
      value.withUnsafeBufferPointer {
        amesh_dictionary_set(pointer(zone), key, length, $0.baseAddress, $0.count, &message)
      }
    }
    guard result == 0 else { throw error(message, zone) }
  }

  package func remove(_ key: String, in zone: DictionaryZone) throws(DictionaryError) {
    var message: UnsafePointer<CChar>?
    guard with(key, { amesh_dictionary_remove(pointer(zone), $0, $1, &message) }) == 0 else {
      throw error(message, zone)
    }
  }

  private func pointer(_ zone: DictionaryZone) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: zone == .configuration ? configuration : version)
  }

  private func with(_ key: String, _ body: (UnsafePointer<CChar>, Int) -> CInt) -> CInt {
    key.withCString { body($0, key.utf8.count) }
  }

  private func error(_ message: UnsafePointer<CChar>?, _ zone: DictionaryZone) -> DictionaryError {
    let text = message.map { String(cString: $0) } ?? "unknown error"
    return DictionaryError(code: text == "no memory" ? .noMemory : .other, zone: zone, message: text)
  }
}
