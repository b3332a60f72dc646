import EnvoyConfig

/// Clusters and their endpoints.
struct ClusterIndex: Sendable, ClusterDirectory {
  /// Names of clusters of which something has changed.
  struct Changed {
    var all: Set<String> = []
    var summaries: Set<String> = []
    var mirrorTargets: Set<String> = []
  }

  private var states: [String: ClusterState] = [:]
  private var assignments: [String: Envoy_Config_Endpoint_V3_ClusterLoadAssignment] = [:]
  private var clustersByAssignment: [String: Set<String>] = [:]

  func state(of cluster: String) -> ClusterState? { states[cluster] }
  func summary(of cluster: String) -> ClusterSummary? { states[cluster]?.summary }
  func mirrorTarget(of cluster: String) -> String? { states[cluster]?.mirrorTarget }
  var assignmentNames: Set<String> { Set(clustersByAssignment.keys) }

  mutating func apply(
    _ clusters: ResourceChanges.Changes<Envoy_Config_Cluster_V3_Cluster>,
    _ endpoints: ResourceChanges.Changes<Envoy_Config_Endpoint_V3_ClusterLoadAssignment>
  ) -> Changed {
    var changed = Changed()
    for assignment in endpoints.set where assignments[assignment.clusterName] != assignment {
      assignments[assignment.clusterName] = assignment
      update(assignment.clusterName, &changed)
    }
    for name in endpoints.removed where assignments.removeValue(forKey: name) != nil { update(name, &changed) }
    for cluster in clusters.set where states[cluster.name]?.message != cluster {
      var state = ClusterState(cluster, assignment: nil)
      if let name = state.assignmentName { state = ClusterState(cluster, assignment: assignments[name] ?? .init()) }
      replace(cluster.name, by: state, &changed)
    }
    for name in clusters.removed { replace(name, by: nil, &changed) }
    return changed
  }

  private mutating func update(_ assignment: String, _ changed: inout Changed) {
    for name in clustersByAssignment[assignment] ?? [] {
      guard var state = states[name] else { continue }
      state.setAssignment(assignments[assignment])
      replace(name, by: state, &changed)
    }
  }

  private mutating func replace(_ name: String, by state: ClusterState?, _ changed: inout Changed) {
    let former = states[name]
    guard former != state else { return }
    states[name] = state
    if former?.assignmentName != state?.assignmentName {
      if let assignment = former?.assignmentName {
        clustersByAssignment[assignment]?.remove(name)
        if clustersByAssignment[assignment]?.isEmpty ?? false { clustersByAssignment[assignment] = nil }
      }
      if let assignment = state?.assignmentName { clustersByAssignment[assignment, default: []].insert(name) }
    }
    changed.all.insert(name)
    if former?.summary != state?.summary { changed.summaries.insert(name) }
    if former?.mirrorTarget != state?.mirrorTarget { changed.mirrorTargets.insert(name) }
  }
}
