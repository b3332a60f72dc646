package import FoundationEssentials

/// A root certificate, as far as rotation looks at it.
package struct RootCertificate: Sendable, Equatable {
  package let id: AuthorityID
  /// The whole certificate, DER.
  package let derEncoded: [UInt8]
  package let notBefore: Date
  package let notAfter: Date

  package init(id: AuthorityID, derEncoded: [UInt8], notBefore: Date, notAfter: Date) {
    self.id = id
    self.derEncoded = derEncoded
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}

/// Where the private key of a root lies.
package enum RootKey: Sendable, Equatable {
  /// In the state itself, as PEM.
  case pem(SecretBytes)
  /// Elsewhere, behind an OpenSSL STORE URI (PKCS#11, TPM, …).
  case uri(String)
}

/// When something was written into the state: the time, and the generation that it came with, which orders it against
/// other writes whatever the clocks say.
package struct Stamp: Sendable, Equatable {
  package let generation: Int
  package let time: Date

  /// - Parameter time: kept in whole seconds, as it is written down: a state equals itself read back.
  package init(generation: Int, time: Date) {
    self.generation = generation
    self.time = time.wholeSeconds
  }
}

/// A root and how far it has come: prepared → active → superseded → retired.
package struct AuthorityRoot: Sendable, Equatable {
  package enum Phase: String, Sendable {
    /// In every bundle, signs nothing yet.
    case prepared
    /// The one that signs.
    case active
    /// Signs no more, but certificates under it may be valid: still in every bundle.
    case superseded
    /// Out of the bundle, its key deleted; kept for the record until it is pruned.
    case retired
  }

  package let certificate: RootCertificate
  /// nil for a root whose key is not in our hands, and for retired ones.
  package internal(set) var key: RootKey?
  package internal(set) var prepared: Stamp
  package internal(set) var activated: Stamp?
  package internal(set) var superseded: Stamp?
  package internal(set) var retired: Stamp?

  package var id: AuthorityID { certificate.id }

  package var phase: Phase {
    if retired != nil { return .retired }
    if superseded != nil { return .superseded }
    return activated == nil ? .prepared : .active
  }

  /// Whether it belongs into every bundle.
  package var isTrusted: Bool { retired == nil }
}

/// An issuing certificate that a replica may sign leaves with. Recorded before its first use, so that nobody retires its
/// root under it, whatever becomes of the replica.
package struct IntermediateRecord: Sendable, Equatable {
  /// Seconds; for records from before it was written down: what policies allow unless told otherwise.
  static let unstatedLeafCap = 86_400
  /// Seconds; ten years, longer than any intermediate.
  static let maximumLeafCap = 10 * 365 * 86_400

  package let id: AuthorityID
  package let root: AuthorityID
  /// The process that holds the key; a restarted one has another name.
  package let replica: String
  package let notAfter: Date
  /// Seconds of the longest leaf that its replica may sign with it. The policy may have become another since.
  package let leafCap: Int
  package let recorded: Stamp
  /// Since when it signs no more.
  package internal(set) var dropped: Stamp?

  /// When the last leaf under it is over, at the latest.
  ///
  /// - Parameter policy: today's; the leaves that are out may be longer than it allows.
  package func lastLeafEnds(_ policy: RotationPolicy) -> Date {
    guard let dropped else { return notAfter }
    return min(notAfter, dropped.time.addingTimeInterval(longestLeaf(policy)))
  }

  /// Seconds of the longest leaf under it that may be out: by the policy of its record or today's.
  func longestLeaf(_ policy: RotationPolicy) -> TimeInterval { max(TimeInterval(leafCap), policy.leafCap) }
}
