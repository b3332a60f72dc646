import KubernetesObjects

/// An RFC 6902 patch in the making: values go in as they are serialised, nothing is compared or copied twice.
struct PatchWriter {
  private enum Value {
    case none
    case json([UInt8])
    case string(String)
  }

  private var operations: [(name: String, path: String, value: Value)] = []

  var isEmpty: Bool { operations.isEmpty }

  mutating func add(_ path: String, _ value: [UInt8]) { operations.append(("add", path, .json(value))) }
  mutating func add(_ path: String, _ value: String) { operations.append(("add", path, .string(value))) }
  mutating func replace(_ path: String, _ value: [UInt8]) { operations.append(("replace", path, .json(value))) }
  mutating func remove(_ path: String) { operations.append(("remove", path, .none)) }

  func serialized() -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: operations.reduce(2) { $0 + $1.path.utf8.count + size($1.value) + 40 })
    writer.array { writer in
      for operation in operations {
        writer.object { writer in
          writer.member("op", operation.name)
          writer.member("path", operation.path)
          switch operation.value {
          case .none: break
          case .json(let bytes): writer.member("value", raw: bytes)
          case .string(let text): writer.member("value", text)
          }
        }
      }
    }
    return writer.bytes
  }

  private func size(_ value: Value) -> Int {
    switch value {
    case .none: 0
    case .json(let bytes): bytes.count
    case .string(let text): text.utf8.count + 16
    }
  }
}
