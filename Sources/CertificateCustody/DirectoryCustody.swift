package import CertificateAuthority
import Glibc
import Synchronization

/// Keeps the state in a directory of this machine, which is the owner's alone (0700, files 0600).
///
/// The file is written anew beside the old one, synced, put in its place by a rename, and the directory synced: whenever
/// the process or the machine dies, the old state or the new one is there, whole.
package final class DirectoryCustody: Custody {
  package static let stateName = "authority.json"
  package static let lockName = "authority.lock"
  private static let temporaryName = "authority.json.new"

  private let path: String
  private let chunk: Int
  private let lock: DirectoryLock
  /// One write after the other within this process too.
  private let turn = Mutex<Void>(())

  /// Takes the directory for this process; made if it is missing.
  ///
  /// - Parameter chunk: bytes given to one write; for tests that end the process between them.
  package init(path: String, chunk: Int = 64 * 1024) throws(CustodyError) {
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw .unwritable(path: path, problem: "it can't be made: \(FileDescriptor.problem); make it, or name another")
    }
    _ = try Self.openDirectory(path)
    lock = try DirectoryLock("\(path)/\(Self.lockName)")
    self.path = path
    self.chunk = chunk
    // Whoever wrote it died over it; nobody has ever read it.
    unlink("\(path)/\(Self.temporaryName)")
  }

  /// Looks at the state of a directory that another process may keep; for commands that only show.
  package static func look(at path: String) throws(CustodyError) -> AuthorityState? {
    _ = try openDirectory(path)
    return try read(path)
  }

  package func load() async throws(CustodyError) -> AuthorityState? {
    try whileOthersWait { () throws(CustodyError) in
      _ = try Self.openDirectory(path)
      return try Self.read(path)
    }
  }

  package func createOrAdopt(_ state: AuthorityState) async throws(CustodyError) -> AuthorityState {
    try whileOthersWait { () throws(CustodyError) in
      let directory = try Self.openDirectory(path)
      if let found = try Self.read(path) { return found }
      try write(state, in: directory)
      return state
    }
  }

  package func replace(with state: AuthorityState) async throws(CustodyError) {
    try whileOthersWait { () throws(CustodyError) in
      let directory = try Self.openDirectory(path)
      let found = try Self.read(path)
      guard let found, found.generation == state.generation - 1 else { throw .conflict(found: found?.generation) }
      try write(state, in: directory)
    }
  }

  private func whileOthersWait<Result: Sendable>(
    _ body: () throws(CustodyError) -> Result
  ) throws(CustodyError) -> Result {
    try turn.withLock { _ throws(CustodyError) in try body() }
  }

  private func write(_ state: AuthorityState, in directory: borrowing FileDescriptor) throws(CustodyError) {
    let temporary = "\(path)/\(Self.temporaryName)"
    let target = "\(path)/\(Self.stateName)"
    unlink(temporary)
    let file = FileDescriptor(number: open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600))
    guard file.number >= 0 else { throw .unwritable(path: temporary, problem: FileDescriptor.problem) }
    do throws(CustodyError) {
      try file.writeAll(AuthorityStateFormat.encode(state), temporary, chunk: chunk)
      try file.sync(temporary)
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, target) == 0 else {
      let problem = FileDescriptor.problem
      unlink(temporary)
      throw .unwritable(path: target, problem: problem)
    }
    try directory.sync(path)
  }

  private static func read(_ path: String) throws(CustodyError) -> AuthorityState? {
    let name = "\(path)/\(stateName)"
    let file = FileDescriptor(number: open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK))
    guard file.number >= 0 else {
      if errno == ENOENT { return nil }
      if errno == ELOOP { throw .unreadable(path: name, problem: "it is a symbolic link; put the file itself there") }
      throw .unreadable(path: name, problem: FileDescriptor.problem)
    }
    let status = try file.status(name)
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: name, problem: "it is no plain file") }
    try checkOwner(status, name, cure: "run: chmod 600 \(name)")
    let bytes = try file.readAll(name, limit: AuthorityStateFormat.maximumBytes)
    do throws(AuthorityStateError) {
      return try AuthorityStateFormat.decode(bytes)
    } catch {
      throw .invalid(path: name, error)
    }
  }

  private static func openDirectory(_ path: String) throws(CustodyError) -> FileDescriptor {
    let directory = FileDescriptor(number: open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    guard directory.number >= 0 else { throw .unreadable(path: path, problem: FileDescriptor.problem) }
    try checkOwner(try directory.status(path), path, cure: "run: chmod 700 \(path)")
    return directory
  }

  private static func checkOwner(_ status: stat, _ path: String, cure: String) throws(CustodyError) {
    guard status.st_uid == geteuid() else {
      throw .exposed(
        path: path,
        problem: "belongs to user \(status.st_uid)",
        cure: "run as that user, or: chown \(geteuid()) \(path)"
      )
    }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw .exposed(path: path, problem: "can be reached by others (mode 0\(mode))", cure: cure)
    }
  }
}
