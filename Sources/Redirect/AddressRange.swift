import KubernetesObjects

/// IP addresses in a row, both ends included; of version 4 in the low 32 bits.
struct AddressRange: Sendable, Equatable {
  var family: AddressFamily
  var first: UInt128
  var last: UInt128

  init(_ cidr: CIDR) {
    family = cidr.isIPv6 ? .ipv6 : .ipv4
    first = cidr.address
    last = cidr.address | Self.mask(family.width - cidr.prefixLength)
  }

  /// Those of one family, ascending, apart from each other: no backend takes overlaps, and the kernel's own account of a
  /// set joins what touches.
  static func merged(_ cidrs: [CIDR], _ family: AddressFamily) -> [AddressRange] {
    var merged: [AddressRange] = []
    let ranges = cidrs.filter { $0.isIPv6 == (family == .ipv6) }.map(AddressRange.init)
    for range in ranges.sorted(by: { $0.first < $1.first }) {
      if let last = merged.last, last.last == .max || range.first <= last.last + 1 {
        merged[merged.count - 1].last = max(last.last, range.last)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  func contains(_ address: UInt128) -> Bool { first <= address && address <= last }

  /// The fewest networks that are together this range.
  var prefixes: [CIDR] {
    var prefixes: [CIDR] = []
    var start = first
    while true {
      var bits = start == 0 ? family.width : min(start.trailingZeroBitCount, family.width)
      while bits > 0, Self.mask(bits) > last - start { bits -= 1 }
      prefixes.append(CIDR(isIPv6: family == .ipv6, address: start, prefixLength: family.width - bits))
      let size = Self.mask(bits)
      if size >= last - start { return prefixes }
      start += size + 1
    }
  }

  private static func mask(_ bits: Int) -> UInt128 { bits >= 128 ? .max : (1 << bits) - 1 }
}

/// The two versions of IP, each with rules of its own.
package enum AddressFamily: String, Sendable, CaseIterable {
  case ipv4
  case ipv6

  package var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
  var width: Int { self == .ipv4 ? 32 : 128 }
  /// What never leaves the machine.
  var loopback: String { self == .ipv4 ? "127.0.0.0/8" : "::1/128" }
}
