/// Why a file can't be read.
package enum CredentialFileError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(path: String, problem: String)
  case notAFile(path: String)
  case tooLong(path: String, limit: Int)

  package var description: String {
    switch self {
    case .unreadable(let path, let problem): "\(path) can't be read: \(problem)"
    case .notAFile(let path): "\(path) is no regular file; give the file itself"
    case .tooLong(let path, let limit): "\(path) is larger than \(limit) bytes; give the right file"
    }
  }
}
