package import CertificateAuthority
import Glibc

/// Keeps a second process out of a directory, for as long as this one lives: the lock goes with it, however it ends.
package struct DirectoryLock: ~Copyable {
  private let descriptor: FileDescriptor

  /// - Parameter path: the lock file; made if it is missing.
  package init(_ path: String) throws(CustodyError) {
    let descriptor = FileDescriptor(number: open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600))
    guard descriptor.number >= 0 else { throw .unwritable(path: path, problem: FileDescriptor.problem) }
    guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw .unwritable(path: path, problem: FileDescriptor.problem) }
      throw .inUse(path: path, holder: Self.holder(descriptor, path))
    }
    // For the one who is kept out; the lock itself does not depend on it.
    if ftruncate(descriptor.number, 0) == 0 {
      try descriptor.writeAll(Array("\(getpid())\n".utf8), path, chunk: 64)
    }
    self.descriptor = descriptor
  }

  private static func holder(_ descriptor: borrowing FileDescriptor, _ path: String) -> String {
    let text = (try? descriptor.readAll(path, limit: 64)) ?? []
    let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return digits.isEmpty ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
  }
}
