import Glibc
import Redirect

/// An address that this network namespace has, and where.
struct InterfaceAddress {
  var interface: String
  var isLoopback: Bool
  var address: SocketAddress

  /// Whether others reach it.
  var isReachable: Bool { !isLoopback && !address.text.hasPrefix("fe80:") }

  static func all(_ family: AddressFamily) -> [InterfaceAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var all: [InterfaceAddress] = []
    var entry = list
    while let current = entry?.pointee {
      entry = current.ifa_next
      guard let address = current.ifa_addr, let name = current.ifa_name,
        address.pointee.sa_family == sa_family_t(family == .ipv4 ? AF_INET : AF_INET6)
      else { continue }
      all.append(
        InterfaceAddress(
          interface: String(cString: name),
          isLoopback: current.ifa_flags & UInt32(IFF_LOOPBACK) != 0,
          address: SocketAddress(copying: address, family)
        )
      )
    }
    return all
  }

  /// The interface by which the kernel sends what is bound there; nil where it does not know, or by none of `addresses`.
  static func leading(to target: String, _ family: AddressFamily, among addresses: [InterfaceAddress]) -> String? {
    let descriptor = socket(
      family == .ipv4 ? AF_INET : AF_INET6,
      Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
      0
    )
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // Of datagrams, which sends nothing.
    guard var target = SocketAddress(family, target, 9), target.withPointer({ connect(descriptor, $0, $1) }) == 0 else {
      return nil
    }
    var local = SocketAddress()
    guard local.withPointer({ getsockname(descriptor, $0, &$1) }) == 0 else { return nil }
    return addresses.first { $0.address.text == local.text }?.interface
  }
}
