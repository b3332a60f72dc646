/// Small random changes, for readers that must stand anything.
enum Mutation {
  static func change(_ bytes: [UInt8], using random: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
      let position = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[position] = [0, 1, 0x30, 0x7F, 0x80, 0x84, 0xFF].randomElement(using: &random) ?? 0
      case 2: bytes.remove(at: position)
      case 3: bytes.insert(.random(in: 0...255, using: &random), at: position)
      case 4: bytes.removeLast(bytes.count - position)
      default:
        let end = Int.random(in: position...min(bytes.count, position + 64), using: &random)
        bytes.insert(contentsOf: bytes[position..<end], at: position)
      }
    }
    return bytes
  }
}
