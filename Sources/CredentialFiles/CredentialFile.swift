package import CallerAuthentication

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Reading files that tell who is who: lists of tokens, keys of a cluster.
package enum CredentialFile {
  /// The whole file with its permissions, both of the same open file: nothing can be put in its place in between.
  ///
  /// - Parameter maximumLength: a file with more bytes is refused, and not read to its end.
  package static func read(_ path: String, maximumLength: Int) throws(CredentialFileError) -> FileContents {
    // A pipe without a writer would keep `open` waiting.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path: path, problem: errorText()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, problem: errorText()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    return FileContents(
      path: path,
      bytes: try contents(of: descriptor, path: path, maximumLength: maximumLength),
      permissions: UInt32(status.st_mode & 0o7777),
      owner: UInt32(status.st_uid)
    )
  }

  /// The user that we run as.
  package static var user: UInt32 { UInt32(geteuid()) }

  private static func contents(
    of descriptor: CInt,
    path: String,
    maximumLength: Int
  ) throws(CredentialFileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = systemRead(descriptor, &chunk, chunk.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .unreadable(path: path, problem: errorText())
      }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk.prefix(count))
      guard bytes.count <= maximumLength else { throw .tooLong(path: path, limit: maximumLength) }
    }
  }

  private static func errorText() -> String { String(cString: strerror(errno)) }
}

/// `read(2)`, which `CredentialFile.read` hides.
private func systemRead(_ descriptor: CInt, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}
