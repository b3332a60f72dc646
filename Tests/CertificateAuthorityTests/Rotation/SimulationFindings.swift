/// What a simulation saw: the rules that were broken, and how much happened.
struct SimulationFindings: Sendable {
  enum Rule: String, Sendable {
    case expired = "a workload's leaf is expired"
    case missing = "a bundle misses a root under which a leaf is valid"
    case untrusted = "a leaf is issued under a root that not everyone trusts"
    case unpublished = "a root signs that was not published first"
    case outlives = "a certificate outlives its signer"
  }

  /// How often each rule was broken, and when first.
  private(set) var violations: [Rule: (count: Int, first: String)] = [:]

  var leaves = 0
  var intermediates = 0
  /// In the state at once.
  var mostIntermediates = 0
  var rootsMade = 0
  var activationsByProof = 0
  var activationsByWaiting = 0
  var rootsRetired = 0
  var crashes = 0
  var partitions = 0
  var conflicts = 0
  var refusals = 0
  var policyChanges = 0
  /// Each kind of write with "before" or "after": a replica died just there.
  var crashPoints: Set<String> = []

  mutating func violated(_ rule: Rule, second: Int) {
    violations[rule, default: (0, "day \(second / 86_400), \(second % 86_400) s")].count += 1
  }

  var summary: String {
    """
    \(leaves) leaves, \(intermediates) intermediates (at most \(mostIntermediates) at once), \(rootsMade) roots (\(activationsByProof) activated by proof, \
    \(activationsByWaiting) by waiting, \(rootsRetired) retired), \(crashes) crashes, \(partitions) partitions, \
    \(conflicts) lost races, \(refusals) refused commands; broken: \(violations)
    """
  }
}
