/// A range of IP addresses, version 4 or 6; host bits are masked.
package struct CIDR: Sendable, Hashable {
  package let isIPv6: Bool
  /// Bits of the network part: up to 32, or 128.
  package let prefixLength: Int
  /// The first address of the range, in the low 32 bits for version 4.
  package let address: UInt128

  /// Parses `10.0.0.0/8`, `fd00::/8`, or an address alone, which is a range of one. Strict: no leading zeros, no zone.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard let first = parts.first, parts.count <= 2 else { return nil }
    let width: Int
    let spelled: UInt128
    if let address = IPAddressParser.version4(first) {
      (isIPv6, width, spelled) = (false, 32, UInt128(address))
    } else if let address = IPAddressParser.version6(first) {
      (isIPv6, width, spelled) = (true, 128, address)
    } else {
      return nil
    }
    var length = width
    if parts.count == 2 {
      guard let spelledLength = IPAddressParser.decimal(parts[1], limit: width) else { return nil }
      length = spelledLength
    }
    prefixLength = length
    // A smart shift: by 128 it gives 0.
    address = (spelled >> (width - length)) << (width - length)
  }
}

extension CIDR {
  /// - Parameter address: any of the range, in the low 32 bits for version 4.
  package init(isIPv6: Bool, address: UInt128, prefixLength: Int) {
    let width = isIPv6 ? 128 : 32
    self.isIPv6 = isIPv6
    self.prefixLength = min(max(prefixLength, 0), width)
    self.address = (address >> (width - self.prefixLength)) << (width - self.prefixLength)
  }
}

extension CIDR: CustomStringConvertible {
  /// Canonical, version 6 as RFC 5952 wants it.
  package var description: String {
    let text =
      isIPv6
      ? IPAddressPrinter.version6(address)
      : IPAddressPrinter.version4(UInt32(truncatingIfNeeded: address))
    return "\(text)/\(prefixLength)"
  }
}
