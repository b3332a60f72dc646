import CProcess
import Glibc
import Redirect

/// A file in memory without a name.
final class MemoryFile {
  let descriptor: Int32

  init(holding text: String = "") throws(RedirectError) {
    descriptor = amesh_memory_file("amesh")
    guard descriptor >= 0 else { throw .system("a file in memory: \(SystemError.text(errno))") }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else {
        throw .system("a file in memory can't be written: \(SystemError.text(errno))")
      }
      rest = rest.dropFirst(max(count, 0))
    }
    lseek(descriptor, 0, SEEK_SET)
  }

  deinit { close(descriptor) }

  func text(limit: Int) throws(RedirectError) -> String {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size <= limit else { throw .system("a program's output of \(size) bytes is longer than any is") }
    var bytes = [UInt8](repeating: 0, count: max(size, 0))
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
