import CertificateAuthority
import Glibc

/// An open file that closes itself.
struct FileDescriptor: ~Copyable {
  let number: Int32

  init(number: Int32) { self.number = number }

  deinit { close(number) }

  /// The last error of a system call, in words.
  static var problem: String { String(cString: strerror(errno)) }

  /// What kind of file this is, whose, and who may read it.
  func status(_ path: String) throws(CustodyError) -> stat {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw .unreadable(path: path, problem: Self.problem) }
    return status
  }

  /// Everything from here to the end.
  func readAll(_ path: String, limit: Int) throws(CustodyError) -> [UInt8] {
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = read(number, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .unreadable(path: path, problem: Self.problem)
      }
      if count == 0 { return contents }
      contents.append(contentsOf: chunk.prefix(count))
      guard contents.count <= limit else { throw .unreadable(path: path, problem: "it is larger than \(limit) bytes") }
    }
  }

  /// All bytes, whatever number of calls it takes.
  func writeAll(_ bytes: [UInt8], _ path: String, chunk: Int) throws(CustodyError) {
    var written = 0
    while written < bytes.count {
      let end = min(bytes.count, written + max(chunk, 1))
      let count = bytes[written..<end].withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .unwritable(path: path, problem: Self.problem)
      }
      written += count
    }
  }

  func sync(_ path: String) throws(CustodyError) {
    guard fsync(number) == 0 else { throw .unwritable(path: path, problem: Self.problem) }
  }
}
