#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a connection comes from, as far as it is told apart: an IPv4 address, or an IPv6 network of 64 bits, since
/// whoever has one address of it has them all.
struct PeerAddress: Hashable, Sendable {
  private let high: UInt64
  /// Zero for IPv6.
  private let low: UInt64

  /// IPv4 addresses within IPv6 (RFC 4291 section 2.5.5.2) begin so; they come over sockets of both kinds.
  private static let mappedPrefix: UInt64 = 0xffff

  /// - Parameter ipv6: in the order of the network; nil where it is not 16 bytes.
  init?(ipv6 bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    let first = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    let second = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    let isMapped = first == 0 && second >> 32 == Self.mappedPrefix
    high = first
    low = isMapped ? second : 0
  }

  /// - Parameter ipv4: in the machine's order.
  init(ipv4: UInt32) {
    // No IPv6 network is told by its second half.
    (high, low) = (0, Self.mappedPrefix << 32 | UInt64(ipv4))
  }

  /// - Parameter bytes: of a `sockaddr_in` or `sockaddr_in6`; nil for any other.
  init?(socketAddress bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= MemoryLayout<sa_family_t>.size else { return nil }
    switch Int32(bytes.loadUnaligned(as: sa_family_t.self)) {
    case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
      self.init(ipv4: UInt32(bigEndian: bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
    case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
      let address = bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      self.init(ipv6: withUnsafeBytes(of: address) { Array($0) })
    default: return nil
    }
  }
}
