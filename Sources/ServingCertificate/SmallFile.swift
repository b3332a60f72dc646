#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Reading and replacing files of a few kilobytes.
enum SmallFile {
  /// Bytes beyond which a file is no certificate or key.
  static let maximumBytes = 1 << 20

  /// The whole file as text; invalid UTF-8 is replaced.
  static func read(_ path: String) throws(ServingCertificateError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadableFile(path: path, problem: errorText()) }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = systemRead(descriptor, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .unreadableFile(path: path, problem: errorText())
      }
      if count == 0 { return String(decoding: contents, as: UTF8.self) }
      contents.append(contentsOf: chunk.prefix(count))
      guard contents.count <= maximumBytes else {
        throw .unreadableFile(path: path, problem: "larger than \(maximumBytes) bytes")
      }
    }
  }

  /// Replaces the file in one step: readers see the old contents or the new.
  static func replace(_ path: String, with text: String, mode: mode_t) throws(ServingCertificateError) {
    let temporary = "\(path).\(getpid()).new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw .unwritableFile(path: temporary, problem: errorText()) }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        let problem = errorText()
        close(descriptor)
        unlink(temporary)
        throw .unwritableFile(path: path, problem: problem)
      }
      written += count
    }
    guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0 else {
      let problem = errorText()
      unlink(temporary)
      throw .unwritableFile(path: path, problem: problem)
    }
  }

  /// Makes the directory and those above it; what exists keeps its mode.
  static func makeDirectory(_ path: String, mode: mode_t) throws(ServingCertificateError) {
    if mkdir(path, mode) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw .unwritableFile(path: path, problem: errorText())
    }
    try makeDirectory(String(path[..<slash]), mode: mode)
    guard mkdir(path, mode) == 0 || errno == EEXIST else {
      throw .unwritableFile(path: path, problem: errorText())
    }
  }

  private static func errorText() -> String {
    String(cString: strerror(errno))
  }
}

/// `read(2)`, which `SmallFile.read` hides.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}
