/// A serialized message as its fields, so that one can be put in that no class of ours has.
struct WireMessage {
  struct Field {
    let number: Int
    let kind: UInt8
    /// Without the length.
    var content: [UInt8]
  }

  var fields: [Field] = []

  init?(_ bytes: some Collection<UInt8>) {
    var rest = ArraySlice(bytes)
    while !rest.isEmpty {
      guard let key = Varint.read(&rest) else { return nil }
      let kind = UInt8(key & 7)
      let count: Int
      switch kind {
      case 0:
        let start = rest
        guard Varint.read(&rest) != nil else { return nil }
        fields.append(Field(number: Int(key >> 3), kind: kind, content: Array(start.prefix(start.count - rest.count))))
        continue
      case 1: count = 8
      case 5: count = 4
      case 2:
        guard let length = Varint.read(&rest) else { return nil }
        count = Int(length)
      default: return nil
      }
      guard count <= rest.count else { return nil }
      fields.append(Field(number: Int(key >> 3), kind: kind, content: Array(rest.prefix(count))))
      rest = rest.dropFirst(count)
    }
  }

  var bytes: [UInt8] {
    fields.flatMap { field in
      let key = Varint.bytes(UInt64(field.number) << 3 | UInt64(field.kind))
      return field.kind == 2 ? key + Varint.bytes(UInt64(field.content.count)) + field.content : key + field.content
    }
  }

  /// The message with one more field in the message at the end of the path, which is of positions among the fields.
  func adding(_ field: Field, at path: ArraySlice<Int>) -> WireMessage {
    var copy = self
    if let position = path.first {
      copy.fields[position].content =
        WireMessage(copy.fields[position].content)?.adding(field, at: path.dropFirst()).bytes ?? []
    } else {
      copy.fields.append(field)
    }
    return copy
  }
}
