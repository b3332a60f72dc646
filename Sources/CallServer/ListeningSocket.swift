import FoundationEssentials
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A socket that listens, made before anything is served on it: what is wrong with its place is told at start, a Unix
/// socket's mode is in force before anybody connects, and a burst of connects finds a queue that is long enough.
package struct ListeningSocket: Sendable {
  /// Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn.
  package static let backlog: Int32 = 4096

  package let descriptor: Int32

  /// - Parameters:
  ///   - unixPath: at most 107 bytes; a socket that is there is replaced, anything else is not.
  ///   - mode: who may connect.
  package init(unixPath: String, mode: UInt32) throws(ListeningSocketError) {
    let isEmpty = unixPath.isEmpty || unixPath.utf8.contains(0)
    guard !isEmpty, let address = try? SocketAddress(unixDomainSocketPath: unixPath) else {
      throw ListeningSocketError(place: unixPath, step: "name", code: isEmpty ? EINVAL : ENAMETOOLONG)
    }
    try Self.removeSocket(unixPath)
    try self.init(family: AF_UNIX, place: unixPath) { descriptor in
      // Nobody connects before the socket listens, so that the mode is in force in time.
      let bound = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
      return bound == 0 ? chmod(unixPath, mode) : bound
    }
  }

  /// - Parameters:
  ///   - host: an IPv4 or IPv6 address, no name; `::` takes connections of both kinds.
  ///   - port: 0 for any; see `port`.
  package init(host: String, port: UInt16) throws(ListeningSocketError) {
    let isIPv6 = host.contains(":")
    let place = isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    guard !host.utf8.contains(0), let address = try? SocketAddress(ipAddress: host, port: Int(port)) else {
      throw ListeningSocketError(place: place, step: "read address", code: EINVAL)
    }
    try self.init(family: isIPv6 ? AF_INET6 : AF_INET, place: place) { descriptor in
      Self.turn(SO_REUSEADDR, true, at: SOL_SOCKET, of: descriptor)
      // Whatever net.ipv6.bindv6only says.
      if isIPv6 { Self.turn(IPV6_V6ONLY, false, at: Int32(IPPROTO_IPV6), of: descriptor) }
      return address.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
    }
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

  /// Of a TCP socket.
  package var port: UInt16? {
    withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { bytes in
      var size = socklen_t(bytes.count)
      let result = bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &size) }
      let address = UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(Int(size))))
      guard result == 0, SocketAddressLayout.isInternet(address) else { return nil }
      return UInt16(bigEndian: address.loadUnaligned(fromByteOffset: SocketAddressLayout.port, as: UInt16.self))
    }
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
