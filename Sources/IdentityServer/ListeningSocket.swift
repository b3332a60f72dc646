import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A socket that listens, made by us: the transport can set neither the length of its queue nor a Unix socket's mode,
/// and a burst of connects over a short queue leaves clients hanging.
package struct ListeningSocket: Sendable {
  /// Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn.
  package static let backlog: Int32 = 4096

  package let descriptor: Int32

  /// - Parameters:
  ///   - unixPath: at most 107 bytes; a socket that is there is replaced, anything else is not.
  ///   - mode: who may connect.
  package init(unixPath: String, mode: UInt32) throws(ListeningSocketError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(unixPath.utf8)
    guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path), !path.contains(0) else {
      throw ListeningSocketError(
        place: unixPath,
        step: "name",
        code: path.isEmpty || path.contains(0) ? EINVAL : ENAMETOOLONG
      )
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    try Self.removeSocket(unixPath)
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    try self.init(family: AF_UNIX, place: unixPath) { descriptor in
      // Nobody connects before the socket listens, so that the mode is in force in time.
      let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
      }
      return bound == 0 ? chmod(unixPath, mode) : bound
    }
  }

  /// - Parameters:
  ///   - host: an IPv4 or IPv6 address, no name; `::` takes connections of both kinds.
  ///   - port: 0 for any; see `port`.
  package init(host: String, port: UInt16) throws(ListeningSocketError) {
    let isIPv6 = host.contains(":")
    let place = isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    var storage = sockaddr_storage()
    let read = withUnsafeMutableBytes(of: &storage) { bytes in
      isIPv6 ? Self.fillIPv6(bytes, host, port) : Self.fillIPv4(bytes, host, port)
    }
    guard read, !host.utf8.contains(0) else {
      throw ListeningSocketError(place: place, step: "read address", code: EINVAL)
    }
    try self.init(family: isIPv6 ? AF_INET6 : AF_INET, place: place) { descriptor in
      Self.turn(SO_REUSEADDR, true, at: SOL_SOCKET, of: descriptor)
      // Whatever net.ipv6.bindv6only says.
      if isIPv6 { Self.turn(IPV6_V6ONLY, false, at: Int32(IPPROTO_IPV6), of: descriptor) }
      let size = isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
      return withUnsafePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(size)) }
      }
    }
  }

  private static func fillIPv4(_ bytes: UnsafeMutableRawBufferPointer, _ host: String, _ port: UInt16) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
    withUnsafeBytes(of: &address) { bytes.copyMemory(from: $0) }
    return true
  }

  private static func fillIPv6(_ bytes: UnsafeMutableRawBufferPointer, _ host: String, _ port: UInt16) -> Bool {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return false }
    withUnsafeBytes(of: &address) { bytes.copyMemory(from: $0) }
    return true
  }

  private static func turn(_ option: Int32, _ isOn: Bool, at level: Int32, of descriptor: Int32) {
    var value: Int32 = isOn ? 1 : 0
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private init(family: Int32, place: String, bind: (Int32) -> Int32) throws(ListeningSocketError) {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw ListeningSocketError(place: place, step: "socket", code: errno) }
    for step in ["bind", "listen"] {
      let result = step == "bind" ? bind(descriptor) : listen(descriptor, Self.backlog)
      guard result != 0 else { continue }
      let code = errno
      close(descriptor)
      throw ListeningSocketError(place: place, step: step, code: code)
    }
  }

  /// Once more, after the transport has set its own.
  package func restoreBacklog() {
    listen(descriptor, Self.backlog)
  }

  /// Of a TCP socket.
  package var port: UInt16? {
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    // The port lies at the same place in both kinds of address.
    let families = [AF_INET, AF_INET6].map { sa_family_t($0) }
    guard result == 0, families.contains(address.sin6_family) else { return nil }
    return UInt16(bigEndian: address.sin6_port)
  }

  private static func removeSocket(_ path: String) throws(ListeningSocketError) {
    // Not by Glibc's `stat`, which Foundation takes for its own once anything in this module imports it. A link is not
    // followed.
    guard let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType else {
      return
    }
    guard type == .typeSocket else { throw ListeningSocketError(place: path, step: "bind", code: EADDRINUSE) }
    unlink(path)
  }
}

package struct ListeningSocketError: Error, Sendable, Hashable, CustomStringConvertible {
  package var place: String
  package var step: String
  package var code: Int32

  package var description: String {
    let reason = String(cString: strerror(code))
    return "can't listen on \(place) (\(step)): \(reason); choose another place or free this one"
  }
}
