/// Where the authority's state is kept, its root keys included: memory, a directory, a Kubernetes Secret, plugged-in
/// files.
///
/// A write either takes place wholly or not at all, and only on top of the generation that its writer has seen. So of two
/// writers one is told that it lost, and reads again.
package protocol Custody: Sendable {
  /// What signs leaves where the root that signs comes from outside; nil elsewhere.
  var pluggedIn: PluggedInAuthority? { get }

  /// Whether all roots come from outside, so that there is nothing for us to rotate.
  var isReadOnly: Bool { get }

  /// The state; nil where there is none yet.
  func load() async throws(CustodyError) -> AuthorityState?

  /// Writes the first state, unless there is one already.
  ///
  /// - Parameter state: of generation 1.
  /// - Returns: what is kept now: `state`, or what someone else has written before.
  func createOrAdopt(_ state: AuthorityState) async throws(CustodyError) -> AuthorityState

  /// Writes the successor of the state that is kept.
  ///
  /// - Parameter state: one generation above that of what is kept; else ``CustodyError/conflict(found:)`` is thrown, and
  ///   the writer has to load and decide again. After any other error it is to load too: the write may have taken place.
  func replace(with state: AuthorityState) async throws(CustodyError)
}

extension Custody {
  package var pluggedIn: PluggedInAuthority? { nil }

  package var isReadOnly: Bool { pluggedIn != nil }
}

/// Why a custody can't do what it is asked for; the description names the thing and the cure.
package enum CustodyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Someone else has written.
  ///
  /// - Parameter found: the generation that is kept; nil when nothing is.
  case conflict(found: Int?)
  case unreadable(path: String, problem: String)
  case unwritable(path: String, problem: String)
  /// Others than the owner could read keys.
  case exposed(path: String, problem: String, cure: String)
  /// Another process keeps the same directory.
  case inUse(path: String, holder: String)
  case invalid(path: String, AuthorityStateError)
  /// Plugged-in files are changed by whoever plugged them in.
  case readOnly(path: String)
  case unusable(path: String, PluggedInError)
  /// A step of rotation by someone who does not lead, or leads no more.
  ///
  /// - Parameter newest: the highest fence that is known.
  case fenced(path: String, fence: Int?, newest: Int)
  /// What is kept was changed by something else than amesh.
  case edited(path: String, problem: String)
  /// The state is gone, and its roots are trusted by somebody.
  case lost(path: String, roots: [AuthorityID], cure: String)
  /// An older state has taken the place of a newer one.
  case wentBack(path: String, found: Int, known: Int, cure: String)
  /// A root was to sign that the published bundle is without.
  case unpublished(root: AuthorityID, bundle: String)

  package var description: String {
    switch self {
    case .conflict(let found):
      "someone else has written the authority's state (generation \(found.map(String.init) ?? "none")); load it and decide again"
    case .unreadable(let path, let problem): "\(path) can't be read: \(problem)"
    case .unwritable(let path, let problem): "\(path) can't be written: \(problem)"
    case .exposed(let path, let problem, let cure): "\(path) \(problem), and keys lie there; \(cure)"
    case .inUse(let path, let holder):
      "\(path) is in use by \(holder); stop it, or give this one a directory of its own"
    case .invalid(let path, let error): "\(path): \(error)"
    case .readOnly(let path):
      "the authority in \(path) is plugged in, and its roots are not ours to rotate; replace the files instead"
    case .unusable(let path, let error): "the authority in \(path) can't be used: \(error)"
    case .fenced(let path, let fence, let newest):
      "\(path): a step of rotation by "
        + (fence.map { "a leader of before (fence \($0), and \(newest) is known)" } ?? "a replica that does not lead")
        + "; it is the present leader's to take, and nothing is to be done"
    case .edited(let path, let problem):
      "\(path) was changed by something else than amesh: \(problem); restore it from a backup"
    case .lost(let path, let roots, let cure):
      "\(path) is gone, and with it the keys of roots that are trusted "
        + "(\(roots.map(\.rawValue).sorted().joined(separator: ", "))); restore it from a backup, or \(cure)"
    case .wentBack(let path, let found, let known, let cure):
      "\(path) is older (generation \(found)) than what was in use already (\(known)); restore the newer one, or \(cure)"
    case .unpublished(let root, let bundle):
      "root \(root) is not in the published bundle (\(bundle)), so nobody would take what it signs; "
        + "see why the bundle is not written"
    }
  }
}
