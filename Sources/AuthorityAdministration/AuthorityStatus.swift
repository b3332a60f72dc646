package import CertificateAuthority
package import FoundationEssentials

/// How an authority stands at a moment: what there is, until when, and what comes next.
package struct AuthorityStatus: Sendable, Hashable {
  /// Who takes the steps of rotation.
  package enum Rotation: String, Sendable {
    case automatic
    case manual
    /// Whoever plugs the files in.
    case pluggedIn = "plugged-in"
  }

  package struct Root: Sendable, Hashable {
    package var id: String
    package var phase: AuthorityRoot.Phase
    /// SHA-256 of the certificate, hexadecimal.
    package var fingerprint: String
    package var notBefore: Date
    package var notAfter: Date
    /// Since when it has been in each phase that it has come to.
    package var prepared: Date
    package var activated: Date?
    package var superseded: Date?
    package var retired: Date?
  }

  package struct Intermediate: Sendable, Hashable {
    package var id: String
    package var root: String
    /// The process that signs with it.
    package var replica: String
    package var recorded: Date
    package var notAfter: Date
    /// Since when it signs no more.
    package var dropped: Date?
  }

  /// What rotation waits for.
  package struct Hold: Sendable, Hashable {
    package var text: String
    /// When it goes on by itself at the latest; nil when it does not.
    package var until: Date?
  }

  package var time: Date
  package var trustDomain: String
  /// Where the state lies, in words.
  package var custody: String
  package var generation: Int
  package var rotation: Rotation
  /// The process that answers; nil for a state that was read from a directory.
  package var replica: String?
  /// Whether that process can issue; nil as before.
  package var isReady: Bool?
  /// The end of the chain that it signs with; nil as before, or while there is none.
  package var issuerEnds: Date?
  package var roots: [Root]
  package var intermediates: [Intermediate]
  package var holds: [Hold]
  /// What the operator is to do.
  package var next: String

  /// What ends first of all that is in use, in words.
  package var soonestEnd: (what: String, end: Date)? {
    var ends = roots.filter { $0.phase != .retired }.map { ("\($0.phase.rawValue) root \($0.id)", $0.notAfter) }
    ends += intermediates.filter { $0.dropped == nil && $0.notAfter > time }.map {
      ("intermediate \($0.id) of \($0.replica)", $0.notAfter)
    }
    if let issuerEnds { ends.append(("the chain that \(replica ?? "it") signs with", issuerEnds)) }
    return ends.min { $0.1 < $1.1 }.map { (what: $0.0, end: $0.1) }
  }
}
