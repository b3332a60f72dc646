import Glibc
import Redirect

/// An address and a port as the kernel's calls take them.
struct SocketAddress {
  private(set) var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  init() {}

  init(copying address: UnsafePointer<sockaddr>, _ family: AddressFamily) {
    let size = family == .ipv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
    withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size)) }
    length = socklen_t(size)
  }

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

  static func any(_ family: AddressFamily, port: UInt16) -> SocketAddress? {
    SocketAddress(family, family == .ipv4 ? "0.0.0.0" : "::", port)
  }

  /// Address and port, as a person reads them.
  var endpoint: String { "\(text) port \(port)" }

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
}
