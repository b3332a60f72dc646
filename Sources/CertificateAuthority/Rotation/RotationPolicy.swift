package import FoundationEssentials

/// How long things live and how long rotation waits. All lengths in seconds.
package struct RotationPolicy: Sendable, Equatable {
  /// A new root.
  package var rootLife: TimeInterval = 10 * 365 * 86_400
  /// How long before the end of a root the next is prepared; never more than half a life.
  package var prepareAhead: TimeInterval = 30 * 86_400
  /// A new intermediate.
  package var intermediateLife: TimeInterval = 7 * 86_400
  /// A leaf, unless another length is asked for.
  package var leafLife: TimeInterval = 3_600
  /// The longest leaf that anyone gets.
  package var leafCap: TimeInterval = 86_400
  /// How far clocks may be apart, the two minutes by which certificates are dated back included.
  package var skew: TimeInterval = 300
  /// How long retired roots stay on record.
  package var history: TimeInterval = 30 * 86_400
  /// Whether steps are taken when their time has come, or left to commands.
  package var isAutomatic = true

  package init() {}

  /// How long after a change it is certain that no leaf from before is valid, where all were issued by this policy; see
  /// ``IntermediateRecord/leafCap`` for those that were not.
  package var settling: TimeInterval { leafCap + skew }

  /// What contradicts itself; each line names the lengths and the cure.
  package var problems: [String] {
    var problems: [String] = []
    if leafCap < leafLife {
      problems.append(
        "the longest leaf (\(Int(leafCap)) s) is shorter than the usual one (\(Int(leafLife)) s); raise it"
      )
    }
    if intermediateLife < 4 * leafCap {
      problems.append(
        "intermediates live \(Int(intermediateLife)) s; give at least four times the longest leaf (\(Int(4 * leafCap)) s)"
      )
    }
    if min(prepareAhead, rootLife / 2) < intermediateLife + 2 * settling {
      problems.append(
        "the next root is prepared \(Int(min(prepareAhead, rootLife / 2))) s ahead; "
          + "give at least an intermediate's life and two of the longest leaf (\(Int(intermediateLife + 2 * settling)) s)"
      )
    }
    return problems
  }

  /// What is fit for a trial only; each line says why.
  package var cautions: [String] {
    var cautions: [String] = []
    if leafLife < 60 {
      cautions.append("leaves that live \(Int(leafLife)) s end during a short outage; give at least 60 s")
    }
    if skew < 120 {
      cautions.append(
        "a skew of \(Int(skew)) s is below the 120 s by which certificates are dated back; give that or more"
      )
    }
    return cautions
  }

  /// When the successor of a root is to be prepared.
  package func prepareSuccessor(of root: RootCertificate) -> Date {
    let life = root.notAfter.timeIntervalSince(root.notBefore)
    return root.notAfter.addingTimeInterval(-min(life / 2, prepareAhead))
  }
}

extension IntermediateRecord {
  /// When nothing that its replica gave out while it could sign matters any more: no leaf, and no bundle that someone got
  /// next to a leaf from elsewhere.
  package func settled(_ policy: RotationPolicy) -> Date {
    (dropped.map { min($0.time, notAfter) } ?? notAfter).addingTimeInterval(longestLeaf(policy) + policy.skew)
  }
}

extension [IntermediateRecord] {
  /// Seconds of the longest leaf that may be out under any of them, or is allowed today.
  func longestLeaf(_ policy: RotationPolicy) -> TimeInterval {
    reduce(policy.leafCap) { Swift.max($0, $1.longestLeaf(policy)) }
  }
}
