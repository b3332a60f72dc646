import KubernetesAPI
import WorkloadDiscovery

extension PodEndpointChange {
  /// None for what changes nothing of it.
  static func of(_ change: InformerChange<BoundPod>) -> [PodEndpointChange] {
    switch change {
    case .added(_, let pod): pod.endpoint == nil ? [] : [PodEndpointChange(pod)]
    case .removed(_, let pod): pod.endpoint == nil ? [] : [PodEndpointChange(gone: pod)]
    case .changed(_, let before, let after): between(before, after)
    }
  }

  private static func between(_ before: BoundPod, _ after: BoundPod) -> [PodEndpointChange] {
    guard before.uid == after.uid else {
      return [before].filter { $0.endpoint != nil }.map { PodEndpointChange(gone: $0) }
        + [after].filter { $0.endpoint != nil }.map { PodEndpointChange($0) }
    }
    guard before.endpoint != after.endpoint || before.isLeaving != after.isLeaving else { return [] }
    return before.endpoint == nil && after.endpoint == nil ? [] : [PodEndpointChange(after)]
  }

  private init(_ pod: BoundPod) { self.init(uid: pod.uid, isLeaving: pod.isLeaving, endpoint: pod.endpoint) }

  private init(gone pod: BoundPod) { self.init(uid: pod.uid, isLeaving: true, endpoint: nil) }
}

extension BoundPod {
  fileprivate var isLeaving: Bool { deletedAt != nil }
}
