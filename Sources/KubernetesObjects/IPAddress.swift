/// One IP address, version 4 or 6.
package struct IPAddress: Sendable, Hashable {
  /// In the order of the network: 4 or 16.
  package let bytes: [UInt8]

  /// - Parameter text: strict: no leading zeros, no zone.
  package init?(_ text: String) {
    if let address = IPAddressParser.version4(text.utf8[...]) {
      bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: address >> $0) }
    } else if let address = IPAddressParser.version6(text.utf8[...]) {
      bytes = (0..<16).map { UInt8(truncatingIfNeeded: address >> (120 - 8 * $0)) }
    } else {
      return nil
    }
  }

  /// - Parameter bytes: in the order of the network; nil where they are neither 4 nor 16.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }
}

extension IPAddress: CustomStringConvertible {
  /// Canonical, version 6 as RFC 5952 wants it.
  package var description: String {
    let address = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    return bytes.count == 4
      ? IPAddressPrinter.version4(UInt32(truncatingIfNeeded: address))
      : IPAddressPrinter.version6(address)
  }
}

/// Addresses in text, RFC 4291 section 2.2, strict.
enum IPAddressParser {
  static func version4(_ text: Substring.UTF8View) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard let octet = decimal(part, limit: 255) else { return nil }
      address = address << 8 | UInt32(octet)
    }
    return address
  }

  static func version6(_ text: Substring.UTF8View) -> UInt128? {
    // `::` stands for groups of zeros; at most one may be there.
    let bytes = Array(text)
    var gap: Int?
    for position in bytes.indices.dropLast() where bytes[position...].starts(with: "::".utf8) {
      guard gap == nil else { return nil }
      gap = position
    }
    guard let gap else {
      guard let groups = groups(text), groups.count == 8 else { return nil }
      return join(groups)
    }
    guard let before = groups(text.prefix(gap)), let after = groups(text.dropFirst(gap + 2)),
      before.count + after.count <= 7
    else { return nil }
    // What is embedded in dotted form comes last.
    guard !text.prefix(gap).contains(UInt8(ascii: ".")) else { return nil }
    return join(before + Array(repeating: 0, count: 8 - before.count - after.count) + after)
  }

  private static func join(_ groups: [UInt16]) -> UInt128 {
    groups.reduce(0) { $0 << 16 | UInt128($1) }
  }

  /// Groups of up to four hexadecimal digits; the last one may be a version 4 address, which is two groups.
  private static func groups(_ text: Substring.UTF8View) -> [UInt16]? {
    guard !text.isEmpty else { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    for (position, part) in parts.enumerated() {
      if position == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let address = version4(part) else { return nil }
        groups.append(UInt16(truncatingIfNeeded: address >> 16))
        groups.append(UInt16(truncatingIfNeeded: address))
        continue
      }
      guard (1...4).contains(part.count), part.first != UInt8(ascii: "+"), part.first != UInt8(ascii: "-"),
        let group = UInt16(Substring(part), radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups.count <= 8 ? groups : nil
  }

  /// Decimal digits without leading zeros, at most `limit`.
  static func decimal(_ text: Substring.UTF8View, limit: Int) -> Int? {
    guard (1...3).contains(text.count), text.first != UInt8(ascii: "0") || text.count == 1 else { return nil }
    var value = 0
    for byte in text {
      guard byte &- UInt8(ascii: "0") < 10 else { return nil }
      value = value * 10 + Int(byte &- UInt8(ascii: "0"))
    }
    return value <= limit ? value : nil
  }
}

enum IPAddressPrinter {
  static func version4(_ address: UInt32) -> String {
    [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: ".")
  }

  /// RFC 5952: lower case, no leading zeros, the first of the longest runs of two or more zero groups as `::`.
  static func version6(_ address: UInt128) -> String {
    if address >> 32 == 0xFFFF { return "::ffff:" + version4(UInt32(truncatingIfNeeded: address)) }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: address >> (112 - 16 * $0)) }
    var longest = 0..<0
    var position = 0
    while position < groups.count {
      let end = groups[position...].firstIndex { $0 != 0 } ?? groups.count
      if end - position > max(longest.count, 1) { longest = position..<end }
      position = end + 1
    }
    guard !longest.isEmpty else { return hexadecimal(groups[...]) }
    return hexadecimal(groups[..<longest.lowerBound]) + "::" + hexadecimal(groups[longest.upperBound...])
  }

  private static func hexadecimal(_ groups: ArraySlice<UInt16>) -> String {
    groups.map { String($0, radix: 16) }.joined(separator: ":")
  }
}
