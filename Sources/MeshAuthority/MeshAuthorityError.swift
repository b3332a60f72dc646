package import CertificateAuthority
package import SPIFFE

/// Why the authority could not do a step; the description names the thing and the cure.
package enum MeshAuthorityError: Error, Sendable, CustomStringConvertible {
  case custody(CustodyError)
  case refused(RotationRefusal)
  case issuance(IssuanceError)
  case issuer(IssuerError)
  case key(KeyError)
  case certificate(String)
  /// The key of the root that signs is not ours to use.
  case keyMissing(AuthorityID)
  /// The custody keeps another mesh's authority.
  case foreignState(of: TrustDomain, configured: TrustDomain)
  /// The state that this process works by is in custody no more.
  case stateLost
  /// An older state lies in custody than this process works by.
  case stateWentBack(to: Int, from: Int)
  /// There is nothing to sign with: the authority has not started, or lost its custody for too long.
  case notReady
  /// Others write faster than this process can follow.
  case contended

  package var description: String {
    switch self {
    case .custody(let error): "\(error)"
    case .refused(let error): "\(error)"
    case .issuance(let error): "\(error)"
    case .issuer(let error): "\(error)"
    case .key(let error): "\(error)"
    case .certificate(let problem):
      "a root of the state can't be used: \(problem); restore the state or prepare a new root"
    case .keyMissing(let id): "the key of root \(id) is not in custody; bring it back or prepare a new root"
    case .foreignState(let found, let configured):
      "the authority in custody is that of trust domain \(found.name), and this process is configured for "
        + "\(configured.name); set mesh.trustDomain: \(found.name), or give this mesh a custody of its own"
    case .stateLost:
      "the authority's state is in custody no more; bring it back from a backup, or restart amesh serve for a new "
        + "authority, which nobody trusts yet"
    case .stateWentBack(let found, let known):
      "the state in custody is older (generation \(found)) than the one that this process works by (\(known)); bring the "
        + "newer one back, or restart amesh serve to go on from the older one"
    case .notReady: "no issuing certificate is usable; look at the log for what keeps the authority from making one"
    case .contended: "the authority's state changed under every attempt to write it; try again"
    }
  }

  /// Takes an error of the core for what it is.
  init(_ error: any Error) {
    switch error {
    case let error as MeshAuthorityError: self = error
    case let error as CustodyError: self = .custody(error)
    case let error as RotationRefusal: self = .refused(error)
    case let error as IssuanceError: self = .issuance(error)
    case let error as IssuerError: self = .issuer(error)
    case let error as KeyError: self = .key(error)
    default: self = .certificate("\(error)")
    }
  }
}
