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
    guard SocketAddressLayout.isInternet(bytes) else { return nil }
    if SocketAddressLayout.family(bytes) == AF_INET {
      let address = bytes.loadUnaligned(fromByteOffset: SocketAddressLayout.ipv4, as: UInt32.self)
      self.init(ipv4: UInt32(bigEndian: address))
    } else {
      self.init(ipv6: bytes.dropFirst(SocketAddressLayout.ipv6).prefix(16))
    }
  }
}

/// Where what stands in a socket address of Linux (RFC 3493, ip(7), ipv6(7)). By its bytes: which module the names of C's
/// structures come from depends on what else is imported.
enum SocketAddressLayout {
  static let port = 2
  static let ipv4 = 4
  static let ipv6 = 8

  static func family(_ bytes: UnsafeRawBufferPointer) -> Int32? {
    bytes.count >= 2 ? Int32(bytes.loadUnaligned(as: UInt16.self)) : nil
  }

  /// Whether there is a whole address of IPv4 or IPv6.
  static func isInternet(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch family(bytes) {
    case AF_INET: bytes.count >= 16
    case AF_INET6: bytes.count >= 28
    default: false
    }
  }
}
