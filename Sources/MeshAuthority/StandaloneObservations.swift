package import CertificateAuthority

extension MeshAuthority {
  /// What a process sees that is alone with its custody: every other replica on record was itself before a restart, and no
  /// ConfigMap is anyone's business.
  package func observeAlone(_ state: AuthorityState) -> RotationObservations {
    var replicas: [String: ReplicaObservation] = [:]
    for record in state.intermediates { replicas[record.replica] = .gone }
    replicas[configuration.replica] = .reports(report)
    return RotationObservations(replicas: replicas, configMapsHold: Set(state.roots.map(\.id)))
  }
}
