import CertificateAuthority
import FoundationEssentials

/// One process of the control plane.
struct SimulatedReplica {
  var name: String
  var isAlive = true
  /// Cut off from the store, and from nothing else, until then.
  var cutOffUntil = 0
  /// Dead until then.
  var restartAt = 0
  /// The state as it was last read.
  var view: AuthorityState?
  var ledger = SpreadLedger()
  var bundle: TrustChecks.Roots = 0
  var held: HeldIntermediate?
  /// The generation of the state by which it was last decided about `held`.
  var decidedFor = 0
  /// The bit of the root that `held` is under.
  var heldRoot = 0

  func isConnected(at now: Int) -> Bool { isAlive && now >= cutOffUntil }
}

/// One workload: what it holds and where it is connected.
struct SimulatedWorkload {
  let kind: SimulationOptions.WorkloadKind
  var replica = -1
  var connection = 0
  var subscriber = SpreadLedger.Subscriber()
  var bundle: TrustChecks.Roots = 0
  var bundleGeneration = 0
  var leafEnds = Int.min

  var hasStream: Bool { kind == .prompt || kind == .slow }
}
