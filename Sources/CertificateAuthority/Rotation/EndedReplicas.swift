import FoundationEssentials

/// What the records of a Pod's processes say of each other. A Pod that starts over and over would else fill the state.
extension AuthorityState {
  /// Replicas whose process has ended for certain: a later one of the same Pod has recorded an intermediate since.
  var endedReplicas: Set<String> {
    var newest: [Substring: IntermediateRecord] = [:]
    for record in intermediates {
      guard let pod = ReplicaName.pod(record.replica) else { continue }
      if let known = newest[pod], known.recorded.generation >= record.recorded.generation { continue }
      newest[pod] = record
    }
    return Set(
      intermediates.map(\.replica).filter { replica in
        ReplicaName.pod(replica).flatMap { newest[$0] }.map { $0.replica != replica } ?? false
      }
    )
  }

  /// Of the dropped intermediates of ended replicas those that say nothing which a later one of the same Pod and root
  /// doesn't say too: every rule asks for the last leaf, the longest one or the last bundle of them all.
  func covered(_ policy: RotationPolicy) -> [IntermediateRecord] {
    struct Place: Hashable {
      let pod: Substring
      let root: AuthorityID
      /// One since the successor was prepared says nothing of the bundles that were given out before.
      let knowsSuccessor: Bool
    }
    let prepared = successor?.prepared.generation ?? .max
    let ended = endedReplicas
    var last: [Place: IntermediateRecord] = [:]
    var covered: [IntermediateRecord] = []
    for record in intermediates where record.dropped != nil && ended.contains(record.replica) {
      guard let pod = ReplicaName.pod(record.replica) else { continue }
      let place = Place(
        pod: pod,
        root: record.root,
        knowsSuccessor: record.recorded.generation >= prepared
      )
      guard let other = last[place] else {
        last[place] = record
        continue
      }
      if record.covers(other, policy) {
        covered.append(other)
        last[place] = record
      } else if other.covers(record, policy) {
        covered.append(record)
      }
    }
    return covered
  }
}

extension IntermediateRecord {
  fileprivate func covers(_ other: IntermediateRecord, _ policy: RotationPolicy) -> Bool {
    recorded.generation >= other.recorded.generation && leafCap >= other.leafCap
      && settled(policy) >= other.settled(policy) && lastLeafEnds(policy) >= other.lastLeafEnds(policy)
  }
}
