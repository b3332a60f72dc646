/// Changes serialized messages where it may hurt: whole fields at any depth, and values that are seldom meant.
struct MessageMutator<Random: RandomNumberGenerator> {
  var random: Random

  private struct Field {
    var number: UInt64
    var kind: UInt8
    /// Without the length.
    var value: [UInt8]
  }

  init(random: Random) { self.random = random }

  mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    // Now and then what is no message at all.
    chance(8) ? broken(bytes) : changed(bytes, depth: 0)
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func broken(_ bytes: [UInt8]) -> [UInt8] {
    guard !bytes.isEmpty else { return [0x0A, 0xFF] }
    var copy = bytes
    let position = Int.random(in: 0..<bytes.count, using: &random)
    if chance(50) { copy[position] ^= 1 << UInt8.random(in: 0..<8, using: &random) } else { copy.removeLast(position) }
    return copy
  }

  private mutating func changed(_ bytes: [UInt8], depth: Int) -> [UInt8] {
    guard var fields = Self.fields(bytes), !fields.isEmpty else { return value(instead: bytes) }
    let position = Int.random(in: 0..<fields.count, using: &random)
    if fields[position].kind == 2, depth < 24, chance(80) {
      fields[position].value = changed(fields[position].value, depth: depth + 1)
      return Self.serialized(fields)
    }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: fields.remove(at: position)
    case 1: fields.append(fields[position])
    case 2: fields.swapAt(position, Int.random(in: 0..<fields.count, using: &random))
    case 3: fields[position].number = UInt64.random(in: 1...60, using: &random)
    case 4: fields.append(Field(number: .random(in: 1...60, using: &random), kind: 0, value: number()))
    case 5: fields.append(Field(number: .random(in: 1...60, using: &random), kind: 2, value: text()))
    default:
      fields[position].value = fields[position].kind == 0 ? number() : value(instead: fields[position].value)
    }
    return Self.serialized(fields)
  }

  private mutating func value(instead bytes: [UInt8]) -> [UInt8] {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return bytes + text()
    case 1: return text() + bytes
    case 2: return Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
    default: return text()
    }
  }

  private mutating func number() -> [UInt8] {
    let numbers: [UInt64] = [
      0, 1, 2, 3, 5, 19, 99, 100, 101, 199, 200, 600, 65535, 65536, 1_000_000, 1 << 31, 1 << 32, 1 << 63, .max,
    ]
    return Varint.bytes(numbers.randomElement(using: &random) ?? 0)
  }

  private mutating func text() -> [UInt8] {
    switch Int.random(in: 0..<40, using: &random) {
    case 0: return Array(repeating: UInt8(ascii: "a"), count: Int.random(in: 200...6000, using: &random))
    case 1: return [0xFF, 0xFE]
    default: return Array((odd.randomElement(using: &random) ?? "").utf8)
    }
  }

  // MARK: The wire format

  private static func fields(_ bytes: [UInt8]) -> [Field]? {
    var rest = bytes[...]
    var fields: [Field] = []
    while !rest.isEmpty {
      guard let key = Varint.read(&rest), key >> 3 > 0 else { return nil }
      let kind = UInt8(key & 7)
      let value: [UInt8]
      switch kind {
      case 0:
        guard let number = Varint.read(&rest) else { return nil }
        value = Varint.bytes(number)
      case 1, 5:
        guard rest.count >= (kind == 1 ? 8 : 4) else { return nil }
        value = Array(rest.prefix(kind == 1 ? 8 : 4))
        rest = rest.dropFirst(value.count)
      case 2:
        guard let length = Varint.read(&rest), length <= UInt64(rest.count) else { return nil }
        value = Array(rest.prefix(Int(length)))
        rest = rest.dropFirst(value.count)
      default: return nil
      }
      fields.append(Field(number: key >> 3, kind: kind, value: value))
    }
    return fields
  }

  private static func serialized(_ fields: [Field]) -> [UInt8] {
    fields.flatMap { field -> [UInt8] in
      let key = Varint.bytes(field.number << 3 | UInt64(field.kind))
      return field.kind == 2 ? key + Varint.bytes(UInt64(field.value.count)) + field.value : key + field.value
    }
  }
}

/// What stands for something, or for nothing, somewhere between Envoy, Lua, PCRE and nginx.
private let odd = [
  "", "*", "**", "*.", "*a", "a*", "a*b", ".", "..", "/", "//", "?", "a?b", "$", "$$", "${", "$1", "${x}", "\\", "\\1",
  "\\9", "(", ")", "[", "]", "[]", "^(?:", "\\Q", "\\C", "(?i)", "a{3}", "%", "%%", "%REQ(x)%", "%REQ(", ":", "::",
  "[::1]", "[::1]:80", "a:b", "a:99999", "a:80", "0.0.0.0", "127.0.0.1", "a b", "a_b", "a,b", "a;b", "a|b", "'", "\"",
  "\n", "\r\n", "\u{0}", "\u{7F}", "ä", "\u{202E}", "😀", "-", "--", "host", ":authority", ":path", ":method", "Host",
  "x y", "é:80", "true", "-1", "1e9", "inbound|80||", "inbound|0||", "inbound|x||", "outbound|80||c0",
  "PassthroughCluster", "envoy.transport_sockets.tls",
]
