import KubernetesObjects
package import XDSProtocol

/// Who is behind which address. A value; a change costs what it changes, however many Pods there are.
///
/// Where several Pods claim an address, because one that is going has not gone yet, the one that stays has it, else the one
/// that came last.
package struct WorkloadDirectory: Sendable {
  private struct Claim: Sendable {
    let uid: String
    let created: String
    let isLeaving: Bool
    let workload: Workload?

    func goesOver(_ other: Claim) -> Bool {
      if isLeaving != other.isLeaving { return other.isLeaving }
      return (created, uid) > (other.created, other.uid)
    }
  }

  private struct Shared: Sendable {
    let resource: XDSResource
    var count: Int
  }

  private var addresses: [String: [IPAddress]] = [:]
  private var claims: [IPAddress: [Claim]] = [:]
  /// Most Pods are like others.
  private var resources: [Workload: Shared] = [:]

  package init() {}

  /// Addresses behind which there is a Pod of the mesh.
  package private(set) var meshedAddresses = 0

  /// - Returns: the names of the resources that are others now, or gone.
  package mutating func take(_ change: PodEndpointChange) -> [String] {
    let old = addresses[change.uid] ?? []
    let new = change.endpoint?.addresses ?? []
    var before: [(IPAddress, Workload?)] = []
    for address in Set(old + new) {
      before.append((address, workload(at: address)))
      withdraw(change.uid, from: address)
    }
    if let endpoint = change.endpoint {
      let claim = Claim(
        uid: change.uid,
        created: endpoint.created,
        isLeaving: change.isLeaving,
        workload: endpoint.workload
      )
      for address in Set(new) { add(claim, to: address) }
    }
    addresses[change.uid] = new.isEmpty ? nil : new
    return before.compactMap { address, before in
      let after = workload(at: address)
      meshedAddresses += (after == nil ? 0 : 1) - (before == nil ? 0 : 1)
      return before == after ? nil : address.description
    }
  }

  /// - Parameter name: an address as its resource is named; another spelling is no name.
  package func resource(named name: String) -> XDSResource? {
    guard let address = IPAddress(name), address.description == name, let workload = workload(at: address) else {
      return nil
    }
    return resources[workload]?.resource
  }

  private func workload(at address: IPAddress) -> Workload? { claims[address]?.first?.workload }

  private mutating func add(_ claim: Claim, to address: IPAddress) {
    if let workload = claim.workload {
      if resources[workload] == nil { resources[workload] = Shared(resource: workload.resource, count: 0) }
      resources[workload]?.count += 1
    }
    let index = claims[address]?.firstIndex { claim.goesOver($0) } ?? claims[address]?.count ?? 0
    claims[address, default: []].insert(claim, at: index)
  }

  private mutating func withdraw(_ uid: String, from address: IPAddress) {
    guard let index = claims[address]?.firstIndex(where: { $0.uid == uid }),
      let claim = claims[address]?.remove(at: index)
    else { return }
    if claims[address]?.isEmpty == true { claims[address] = nil }
    guard let workload = claim.workload, let count = resources[workload]?.count else { return }
    if count > 1 { resources[workload]?.count = count - 1 } else { resources[workload] = nil }
  }
}
