/// The rules that must hold at every moment, checked at each change that could break one. Roots are bits.
struct TrustChecks: Sendable {
  typealias Roots = UInt128

  let workloads: Int
  /// How many workloads trust each root.
  private var holders: [Int] = []
  /// Until when a leaf under each root is valid, replaced ones too.
  private var leavesUntil: [Int] = []
  /// Roots that were in a persisted bundle.
  private var published: Roots = 0
  var findings = SimulationFindings()

  init(workloads: Int) { self.workloads = workloads }

  mutating func madeRoot() -> Int {
    holders.append(0)
    leavesUntil.append(Int.min)
    findings.rootsMade += 1
    return holders.count - 1
  }

  mutating func wasPersisted(_ bundle: Roots) { published |= bundle }

  /// A workload now trusts another set of roots.
  mutating func trusts(_ new: Roots, before old: Roots, now: Int) {
    guard new != old else { return }
    for root in holders.indices {
      let bit = Roots(1) << root
      if new & bit != 0 {
        if old & bit == 0 { holders[root] += 1 }
      } else {
        if old & bit != 0 { holders[root] -= 1 }
        if leavesUntil[root] > now {
          findings.violated(.missing, second: now)
        }
      }
    }
  }

  mutating func signedIntermediate(root: Int, publishedHere: Roots, notAfter: Int, rootEnds: Int, now: Int) {
    findings.intermediates += 1
    let bit = Roots(1) << root
    if published & bit == 0 || publishedHere & bit == 0 {
      findings.violated(.unpublished, second: now)
    }
    if notAfter > rootEnds || now >= rootEnds {
      findings.violated(.outlives, second: now)
    }
  }

  mutating func issuedLeaf(root: Int, ends: Int, signerEnds: Int, now: Int) {
    findings.leaves += 1
    if holders[root] != workloads { findings.violated(.untrusted, second: now) }
    if ends > signerEnds { findings.violated(.outlives, second: now) }
    if ends > leavesUntil[root] { leavesUntil[root] = ends }
  }

  mutating func usesLeaf(ends: Int, now: Int) {
    if ends <= now { findings.violated(.expired, second: now) }
  }
}
