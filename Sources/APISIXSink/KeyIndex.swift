/// Which keys the configuration has, kept in the version's dictionary: shared dictionaries can't be asked for their keys
/// from outside Lua, and a process that starts has to know what an earlier one has left.
///
/// In parts by a hash of the key, so that a change rewrites little. A key is in the index before it is in the
/// configuration, and after it has gone from there.
enum KeyIndex {
  static let parts = 64

  static func name(_ part: Int) -> String { "amesh/keys/\(part)" }

  /// FNV-1a: the same in every process.
  static func part(of key: String) -> Int {
    var hash: UInt32 = 0x811C_9DC5
    for byte in key.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return Int(hash % UInt32(parts))
  }

  static func text(_ keys: some Sequence<String>) -> [UInt8] { Array(keys.sorted().joined(separator: "\n").utf8) }

  static func keys(_ text: [UInt8]) -> [String] {
    text.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }
}
