import CertificateAuthority
import CertificateCustody
import Glibc

/// The directory that keeps what outlives the process.
enum StateDirectory {
  /// Keeps a second `amesh serve` out, whatever its custody is, for as long as the lock is held.
  static func take(_ path: String) throws(Failure) -> DirectoryLock {
    do throws(CustodyError) {
      return try DirectoryLock("\(path)/lock")
    } catch {
      throw Failure(.configuration, "server.stateDirectory: \(error)")
    }
  }

  /// Makes it if it is missing, for this user alone, and makes sure that it can be written.
  static func prepare(_ path: String) throws(Failure) {
    var made = ""
    for part in path.split(separator: "/") {
      made += path.hasPrefix("/") || !made.isEmpty ? "/\(part)" : "\(part)"
      guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
      // A parent that we may not write is no trouble while it is there.
      if errno == EACCES || errno == EROFS, access(made, F_OK) == 0 { continue }
      throw failure(.cannotCreate, made, "cannot be made")
    }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ENOTDIR else { throw failure(.noPermission, path, "cannot be read") }
      throw Failure(.cannotCreate, "server.stateDirectory: \(path) is not a directory; name another")
    }
    close(descriptor)
    guard access(path, W_OK | X_OK) == 0 else { throw failure(.noPermission, path, "cannot be written") }
  }

  private static func failure(_ status: Failure.Status, _ path: String, _ what: String) -> Failure {
    let reason = String(cString: strerror(errno))
    return Failure(
      status,
      "server.stateDirectory: \(path) \(what): \(reason); name another with --state-directory, or change its owner"
    )
  }
}
