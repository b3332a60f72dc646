import KubernetesObjects

/// An RFC 6902 patch in the making: operations are serialised as they come, nothing is compared or kept twice.
struct PatchWriter {
  private var writer = JSONWriter(reservingCapacity: 8192)

  var isEmpty: Bool { writer.count == 0 }

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

  /// What was written so far, without the brackets of the list.
  var operations: [UInt8] { writer.bytes }

  private mutating func operation(_ name: String, _ path: String, _ value: (inout JSONWriter) -> Void) {
    writer.object { writer in
      writer.member("op", name)
      writer.member("path", path)
      value(&writer)
    }
  }

  func serialized() -> [UInt8] {
    var list = JSONWriter(reservingCapacity: writer.count + 2)
    list.array { $0.raw(operations) }
    return list.bytes
  }
}
