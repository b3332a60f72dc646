import Glibc
import Redirect

/// An address and a port as the kernel's calls take them.
struct SocketAddress {
  private(set) var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  init() {}

  /// Nil where the text is no address of the family.
  init?(_ family: AddressFamily, _ text: String, _ port: UInt16) {
    let isParsed =
      switch family {
      case .ipv4:
        withBytes { raw -> Bool in
          var address = sockaddr_in()
          address.sin_family = sa_family_t(AF_INET)
          address.sin_port = port.bigEndian
          let parsed = inet_pton(AF_INET, text, &address.sin_addr) == 1
          raw.storeBytes(of: address, as: sockaddr_in.self)
          return parsed
        }
      case .ipv6:
        withBytes { raw -> Bool in
          var address = sockaddr_in6()
          address.sin6_family = sa_family_t(AF_INET6)
          address.sin6_port = port.bigEndian
          let parsed = inet_pton(AF_INET6, text, &address.sin6_addr) == 1
          raw.storeBytes(of: address, as: sockaddr_in6.self)
          return parsed
        }
      }
    guard isParsed else { return nil }
    length = socklen_t(family == .ipv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
  }

  var port: UInt16 {
    // At the same place in both.
    withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
  }

  /// Without the port.
  var text: String {
    let isVersion6 = storage.ss_family == sa_family_t(AF_INET6)
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    withUnsafeBytes(of: storage) { raw in
      _ = inet_ntop(
        isVersion6 ? AF_INET6 : AF_INET,
        raw.baseAddress?.advanced(by: isVersion6 ? 8 : 4),
        &buffer,
        socklen_t(buffer.count)
      )
    }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  mutating func withPointer<Result>(_ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Result) -> Result {
    var length = length
    defer { self.length = length }
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
    }
  }

  private mutating func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    withUnsafeMutableBytes(of: &storage, body)
  }

  /// The first address of an interface that others reach; nil: there is none.
  static func own(_ family: AddressFamily) -> SocketAddress? {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return nil }
    defer { freeifaddrs(list) }
    var entry = list
    while let current = entry {
      entry = current.pointee.ifa_next
      guard let address = current.pointee.ifa_addr, current.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0,
        address.pointee.sa_family == sa_family_t(family == .ipv4 ? AF_INET : AF_INET6)
      else { continue }
      var found = SocketAddress()
      let size = family == .ipv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
      withUnsafeMutableBytes(of: &found.storage) {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
      }
      found.length = socklen_t(size)
      if !found.text.hasPrefix("fe80:") { return found }
    }
    return nil
  }
}
