#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The place of the admin socket. It is made in a directory of its own that nobody else may enter, and moved to its path
/// when its mode is right: at no moment can a stranger connect.
package struct AdministrationSocket: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  private var nursery: String { "\(path).new" }
  /// Where to bind.
  var birthplace: String { "\(nursery)/s" }

  /// Bytes of a path that bind(2) takes.
  private static let maximumLength = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  /// Makes room, and refuses to when something is there that is no socket.
  func prepare() throws(AdministrationSocketError) {
    guard birthplace.utf8.count <= Self.maximumLength else {
      throw AdministrationSocketError(
        path: path,
        problem: "is too long for a socket by \(birthplace.utf8.count - Self.maximumLength) bytes; "
          + "use a state directory with a shorter path"
      )
    }
    if let kind = Self.kind(path), kind != S_IFSOCK {
      throw AdministrationSocketError(path: path, problem: "is there and is no socket; move it away")
    }
    // Left by a process that died while it started.
    unlink(birthplace)
    rmdir(nursery)
    guard mkdir(nursery, 0o700) == 0 else {
      throw AdministrationSocketError(path: nursery, problem: "can't be made: \(Self.reason); look at what is there")
    }
  }

  /// Moves the socket, which listens by now, to its path; one that is there is replaced.
  ///
  /// - Returns: what tells it from a later one.
  func reveal() throws(AdministrationSocketError) -> ino_t {
    defer { rmdir(nursery) }
    var status = stat()
    guard chmod(birthplace, 0o600) == 0, lstat(birthplace, &status) == 0, rename(birthplace, path) == 0 else {
      let problem = "can't be put in place: \(Self.reason); look at what is there"
      unlink(birthplace)
      throw AdministrationSocketError(path: path, problem: problem)
    }
    return status.st_ino
  }

  /// Removes that socket, unless another process has put its own there.
  func remove(_ number: ino_t) {
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK, status.st_ino == number { unlink(path) }
  }

  /// Whether someone listens there. What can't be reached by this user throws.
  package func isAnswered() throws(AdministrationSocketError) -> Bool {
    guard path.utf8.count <= Self.maximumLength, !path.utf8.contains(0) else { return false }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw AdministrationSocketError(path: path, problem: Self.reason) }
    defer { close(descriptor) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    if result == 0 { return true }
    switch errno {
    case ENOENT, ECONNREFUSED, ENOTDIR, ENOTSOCK: return false
    default:
      throw AdministrationSocketError(
        path: path,
        problem: "can't be connected to: \(Self.reason); run as the user that amesh serve runs as"
      )
    }
  }

  private static var reason: String { String(cString: strerror(errno)) }

  private static func kind(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}

package struct AdministrationSocketError: Error, Sendable, Hashable, CustomStringConvertible {
  package var path: String
  package var problem: String

  package var description: String { "the admin socket: \(path) \(problem)" }
}
