/// Why bytes are not an authority's state; the description names the thing and the cure.
package enum AuthorityStateError: Error, Equatable, Sendable, CustomStringConvertible {
  case tooLarge(bytes: Int, limit: Int)
  case notJSON(String)
  case unknownVersion(Int)
  case wrong(path: String, problem: String)
  case contradiction(String)

  package var description: String {
    switch self {
    case .tooLarge(let bytes, let limit):
      "the authority's state has \(bytes) bytes, more than \(limit): it was not written by amesh; restore it from a backup"
    case .notJSON(let problem):
      "the authority's state is no JSON: \(problem); restore it from a backup"
    case .unknownVersion(let version):
      "the authority's state has version \(version), and this amesh knows version \(AuthorityStateFormat.version); "
        + "run the amesh that wrote it, or a later one"
    case .wrong(let path, let problem):
      "the authority's state: \(path) \(problem); restore it from a backup, or run the amesh that wrote it"
    case .contradiction(let problem):
      "the authority's state contradicts itself: \(problem); restore it from a backup"
    }
  }
}
