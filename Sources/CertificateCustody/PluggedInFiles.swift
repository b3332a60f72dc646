import CertificateAuthority
import Glibc

/// Where the files of a plugged-in authority lie.
struct PluggedInFiles: Sendable {
  let directory: String

  /// All files from the same moment: a mounted Secret is swapped by one symbolic link, so they are read until two
  /// readings agree.
  func read() throws(PluggedInError) -> PluggedInContents {
    var last = try readOnce()
    for _ in 0..<4 {
      let again = try readOnce()
      if again == last { return again }
      last = again
    }
    throw .changing
  }

  private func readOnce() throws(PluggedInError) -> PluggedInContents {
    try PluggedInContents(of: directory) { name throws(PluggedInError) in try contents(name) }
  }

  /// nil when there is no such file.
  private func contents(_ name: String) throws(PluggedInError) -> [UInt8]? {
    let path = "\(directory)/\(name)"
    let file = FileDescriptor(number: open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    guard file.number >= 0 else {
      if errno == ENOENT { return nil }
      throw .unreadable(file: path, problem: FileDescriptor.problem)
    }
    do throws(CustodyError) {
      return try file.readAll(path, limit: PluggedInContents.maximumBytes)
    } catch {
      throw .unreadable(file: path, problem: "\(error)")
    }
  }
}
