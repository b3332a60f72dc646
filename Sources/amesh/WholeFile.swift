import Glibc

/// Reads files of any kind whole, those of `/proc` too, which have no size.
enum WholeFile {
  enum Problem: Error, Equatable, CustomStringConvertible {
    case system(Int32)
    case larger(than: Int)

    var description: String {
      switch self {
      case .system(let number): "cannot be read: \(String(cString: strerror(number)))"
      case .larger(let limit): "larger than \(limit) bytes"
      }
    }
  }

  static func read(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno) }
    defer { close(descriptor) }
    return try read(descriptor, limit: limit)
  }

  /// From where the descriptor stands to its end; never more than the limit and a buffer are held.
  static func read(_ descriptor: Int32, limit: Int) throws(Problem) -> [UInt8] {
    var bytes: [UInt8] = []
    // Tables of the kernel are consistent within one read only.
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(errno) }
      guard count > 0 else { return bytes }
      bytes += buffer.prefix(count)
      guard bytes.count <= limit else { throw .larger(than: limit) }
    }
  }
}
