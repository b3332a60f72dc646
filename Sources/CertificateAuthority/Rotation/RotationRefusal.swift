package import FoundationEssentials

/// Why a step of rotation is not taken; the description names the thing and the cure.
package enum RotationRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// Another replica leads, or nobody does yet.
  case notLeading(leader: String?)
  case noAuthority
  case unknownRoot(AuthorityID, known: [AuthorityID])
  case alreadyPrepared(AuthorityID)
  case nothingPrepared
  case alreadyActive(AuthorityID)
  case alreadyRetired(AuthorityID)
  case alreadyKnown(AuthorityID)
  case notValid(AuthorityID, notBefore: Date, notAfter: Date)
  case tooManyRoots
  case tooManyIntermediates
  case signs(AuthorityID)
  case notTheSigner(AuthorityID, signer: AuthorityID?)
  case outlivesRoot(AuthorityID)
  case unknownIntermediate(AuthorityID)
  /// The spread of the bundle is neither proven nor waited for.
  case notSpread(AuthorityID, holds: [SpreadHold], until: Date?)
  /// Leaves under the root may still be valid.
  case inUse(AuthorityID, until: Date)

  package var description: String {
    switch self {
    case .notLeading(let leader?):
      "replica \(leader) leads, and steps of rotation are its own; give the command to that one"
    case .notLeading(nil):
      "no replica is known to lead, and steps of rotation are the leader's; try again in some seconds"
    case .noAuthority:
      "there is no authority yet; run: amesh ca init"
    case .unknownRoot(let id, let known):
      "there is no root \(id); there are: \(known.map(\.rawValue).joined(separator: ", "))"
    case .alreadyPrepared(let id):
      "root \(id) is prepared already; activate it, or retire it to prepare another"
    case .nothingPrepared:
      "no root is prepared; prepare one first"
    case .alreadyActive(let id):
      "root \(id) is active already; nothing is to be done"
    case .alreadyRetired(let id):
      "root \(id) is retired and nobody trusts it any more; prepare a new one"
    case .alreadyKnown(let id):
      "\(id) is in the state already; make a new certificate"
    case .notValid(let id, let notBefore, let notAfter):
      "\(id) is valid from \(Timestamp.text(notBefore)) to \(Timestamp.text(notAfter)), not now; "
        + "check this machine's clock, else prepare a new root"
    case .tooManyRoots:
      "there are \(AuthorityState.maximumRoots) roots already; wait until some are retired and pruned"
    case .tooManyIntermediates:
      "\(AuthorityState.maximumIntermediates) intermediates may be in use; stop replicas that restart over and over, "
        + "records of ended ones go by themselves"
    case .signs(let id):
      "root \(id) signs at present; prepare and activate another first"
    case .notTheSigner(let id, let signer):
      "root \(id) does not sign; read the state again and use root \(signer?.rawValue ?? "(none)")"
    case .outlivesRoot(let id):
      "intermediate \(id) would outlive its root; make it shorter"
    case .unknownIntermediate(let id):
      "there is no intermediate \(id) in the state; read it again"
    case .notSpread(let id, let holds, let until):
      "root \(id) has not reached everyone: \(holds.map(\.description).joined(separator: "; ")); "
        + (until.map { "wait until \(Timestamp.text($0)) at the latest" } ?? "mend that")
        + ", or force it and break who does not trust it yet"
    case .inUse(let id, let until):
      "leaves under root \(id) may be valid until \(Timestamp.text(until)); wait until then, "
        + "or force it and break who uses them"
    }
  }
}
