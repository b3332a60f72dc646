import FoundationEssentials
import SwiftProtobuf

/// What a control plane has said and nobody reads: fields that our messages leave out are kept by their numbers.
enum UnreadFields {
  /// What is to be noted of a message: `hedge_policy of RouteAction`.
  static func descriptions<M: Message>(of message: M) -> [String] {
    let data = message.unknownFields.data
    guard !data.isEmpty else { return [] }
    let type = M.protoMessageName
    let harmless = harmless[type] ?? []
    let unread = data.withUnsafeBytes { numbers(in: $0) { !harmless.contains($0) } }
    guard !unread.isEmpty else { return [] }
    let short = type.split(separator: ".").last.map(String.init) ?? type
    return unread.sorted()
      .map { "\(names[type]?[$0] ?? "field \($0)") of \(short)" }
  }

  /// Numbers of the fields in a serialized message.
  static func numbers(in data: Data) -> Set<Int> { data.withUnsafeBytes { numbers(in: $0) { _ in true } } }

  /// The contents of a field that is a message, a text or bytes, in a serialized message: as often as it is there.
  static func contents(of number: Int, in data: Data) -> [Data] {
    var contents: [Data] = []
    data.withUnsafeBytes { bytes in
      read(bytes) { field, _, content in
        if field == number, let content { contents.append(Data(content)) }
      }
    }
    return contents
  }

  /// A number in a serialized message, the last where it is there more than once.
  static func value(of number: Int, in data: Data) -> UInt64? {
    var found: UInt64?
    data.withUnsafeBytes { bytes in
      read(bytes) { field, value, _ in
        if field == number { found = value }
      }
    }
    return found
  }

  private static func numbers(in bytes: UnsafeRawBufferPointer, where isWanted: (Int) -> Bool) -> Set<Int> {
    var numbers: Set<Int> = []
    read(bytes) { number, _, _ in
      if isWanted(number) { numbers.insert(number) }
    }
    return numbers
  }

  /// Each field with its value, if it is a number, and its content. Stops where the message can't be read, after a field
  /// without content.
  private static func read(
    _ bytes: UnsafeRawBufferPointer,
    field: (Int, UInt64, Slice<UnsafeRawBufferPointer>?) -> Void
  ) {
    var rest = bytes[...]
    while let key = varint(&rest), let number = Int(exactly: key >> 3), number > 0 {
      var value: UInt64 = 0
      let length: UInt64?
      switch key & 7 {
      case 0:
        length = varint(&rest).map {
          value = $0
          return 0
        }
      case 1: length = 8
      case 2: length = varint(&rest)
      case 5: length = 4
      default: length = nil
      }
      let count = length.flatMap { Int(exactly: $0) }.flatMap { $0 <= rest.count ? $0 : nil }
      field(number, value, count.map { rest.prefix($0) })
      guard let count else { return }
      rest = rest.dropFirst(count)
    }
  }

  private static func varint(_ bytes: inout Slice<UnsafeRawBufferPointer>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }
}

extension Notes {
  /// Notes the fields of a message that nobody reads.
  mutating func unread(_ message: some Message) {
    for description in UnreadFields.descriptions(of: message) { add(.unreadField, description) }
  }
}
