import KubernetesObjects

/// An RFC 6902 patch in the making: operations are serialised as they come, nothing is compared or kept twice.
struct PatchWriter: ~Copyable {
  private var writer: JSONWriter

  init() {
    writer = JSONWriter(reservingCapacity: 8192)
    writer.beginArray()
  }

  var isEmpty: Bool { writer.count == 1 }

  mutating func add(_ path: String, _ value: [UInt8]) {
    operation("add", path) { $0.member("value", raw: value) }
  }

  mutating func add(_ path: String, _ value: String) {
    operation("add", path) { $0.member("value", value) }
  }

  mutating func replace(_ path: String, _ value: [UInt8]) {
    operation("replace", path) { $0.member("value", raw: value) }
  }

  mutating func remove(_ path: String) {
    operation("remove", path) { _ in }
  }

  /// Operations that another writer has serialised.
  mutating func append(_ operations: [UInt8]) { writer.raw(operations) }

  private mutating func operation(_ name: String, _ path: String, _ value: (inout JSONWriter) -> Void) {
    writer.object { writer in
      writer.member("op", name)
      writer.member("path", path)
      value(&writer)
    }
  }

  /// The list of all operations.
  consuming func serialized() -> [UInt8] {
    writer.endArray()
    return writer.bytes
  }
}
