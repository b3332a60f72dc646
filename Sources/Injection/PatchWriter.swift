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
    begin(#"{"op":"add","path":"#, path)
    writer.member("value", raw: value)
    writer.endObject()
  }

  mutating func add(_ path: String, _ value: String) {
    begin(#"{"op":"add","path":"#, path)
    writer.member("value", value)
    writer.endObject()
  }

  mutating func replace(_ path: String, _ value: [UInt8]) {
    begin(#"{"op":"replace","path":"#, path)
    writer.member("value", raw: value)
    writer.endObject()
  }

  /// An addition that `body` writes as one value.
  mutating func add(_ path: String, by body: (inout JSONWriter) -> Void) {
    begin(#"{"op":"add","path":"#, path)
    writer.key("value")
    body(&writer)
    writer.endObject()
  }

  /// A replacement that `body` writes as one value.
  mutating func replace(_ path: String, by body: (inout JSONWriter) -> Void) {
    begin(#"{"op":"replace","path":"#, path)
    writer.key("value")
    body(&writer)
    writer.endObject()
  }

  mutating func remove(_ path: String) {
    begin(#"{"op":"remove","path":"#, path)
    writer.endObject()
  }

  /// Operations that another writer has serialised.
  mutating func append(_ operations: [UInt8]) { writer.raw(operations) }

  private mutating func begin(_ operation: StaticString, _ path: String) {
    writer.beginning(operation)
    writer.string(path)
  }

  /// The list of all operations.
  consuming func serialized() -> [UInt8] {
    writer.endArray()
    return writer.bytes
  }
}
