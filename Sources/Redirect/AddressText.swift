import KubernetesObjects

/// Addresses as the kernel's tools print them, which is inet_ntop(3): RFC 5952, but with the end of an IPv4-compatible
/// address in decimal.
enum AddressText {
  static func address(_ address: UInt128, _ family: AddressFamily) -> String {
    guard family == .ipv6 else { return bare(CIDR(isIPv6: false, address: address, prefixLength: 32)) }
    if address >> 16 != 0, address >> 32 == 0 {
      return "::" + bare(CIDR(isIPv6: false, address: address, prefixLength: 32))
    }
    return bare(CIDR(isIPv6: true, address: address, prefixLength: 128))
  }

  static func prefix(_ cidr: CIDR) -> String {
    "\(address(cidr.address, cidr.isIPv6 ? .ipv6 : .ipv4))/\(cidr.prefixLength)"
  }

  private static func bare(_ cidr: CIDR) -> String {
    String(cidr.description.prefix { $0 != "/" })
  }
}
