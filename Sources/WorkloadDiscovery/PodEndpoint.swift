import Injection
package import KubernetesObjects
package import SPIFFE

/// What a running Pod is on the network, whether it is of the mesh or not: addresses are given to one Pod after another, and
/// a Pod without a sidecar must not be taken for the one before.
package struct PodEndpoint: Sendable, Hashable {
  package var addresses: [IPAddress]
  /// When the API server took the Pod in, as it writes it: such texts are ordered as their times are.
  package var created: String
  /// Nil for a Pod that is not of this mesh.
  package var workload: Workload?

  package init(addresses: [IPAddress], created: String, workload: Workload?) {
    self.addresses = addresses
    self.created = created
    self.workload = workload
  }

  /// Nil for a Pod without an address of its own: not yet, not any more, or on its node's network.
  ///
  /// - Parameter trustDomain: of this control plane; a Pod of another one shows certificates that nobody here verifies.
  package init?(_ pod: JSONView, trustDomain: TrustDomain) {
    let (spec, status, metadata) = (pod["spec"], pod["status"], pod["metadata"])
    let phase = status?["phase"]
    guard spec?.bool(of: "hostNetwork") != true, phase?.equals("Succeeded") != true, phase?.equals("Failed") != true
    else { return nil }
    var texts = status?["podIPs"]?.elements.prefix(Self.maximumAddresses).compactMap { $0.string(of: "ip") } ?? []
    if let first = status?.string(of: "podIP"), !texts.contains(first) { texts.append(first) }
    let addresses = texts.compactMap { IPAddress($0) }
    guard !addresses.isEmpty else { return nil }
    self.init(addresses: addresses, created: metadata?.string(of: "creationTimestamp") ?? "", workload: nil)
    guard let meshed = MeshedPod(pod), meshed.trustDomain == trustDomain.name,
      let namespace = metadata?.string(of: "namespace"),
      let identity = try? WorkloadIdentity(
        trustDomain: trustDomain,
        namespace: namespace,
        serviceAccount: spec?.string(of: "serviceAccountName") ?? "default"
      )
    else { return }
    workload = Workload(identity: identity, mtls: meshed.mtls, inboundPorts: meshed.inboundPorts)
  }

  /// A Pod has one of each version.
  private static let maximumAddresses = 8
}

/// What has become of a Pod's place on the network.
package struct PodEndpointChange: Sendable, Hashable {
  /// Of one Pod after another under the same name too.
  package var uid: String
  /// Its grace period runs.
  package var isLeaving: Bool
  /// Nil: the Pod has none any more.
  package var endpoint: PodEndpoint?

  package init(uid: String, isLeaving: Bool, endpoint: PodEndpoint?) {
    self.uid = uid
    self.isLeaving = isLeaving
    self.endpoint = endpoint
  }
}
