import EnvoyConfig
package import MeshResources
package import XDSProtocol

extension ResourceChanges {
  /// What a stream has brought.
  package init(_ change: XDSChange<MeshResource>) {
    self.init()
    for setting in change.settings { add(setting.content.named(setting.resource.name)) }
    for removal in change.removals {
      switch MeshResourceType(rawValue: removal.typeURL) {
      case .listener: listeners.removed.append(removal.name)
      case .routes: routes.removed.append(removal.name)
      case .cluster: clusters.removed.append(removal.name)
      case .endpoints: endpoints.removed.append(removal.name)
      case nil: continue
      }
    }
  }

  package mutating func add(_ resource: MeshResource) {
    switch resource {
    case .listener(let listener): listeners.set.append(listener)
    case .routes(let configuration): routes.set.append(configuration)
    case .cluster(let cluster): clusters.set.append(cluster)
    case .endpoints(let assignment): endpoints.set.append(assignment)
    }
  }
}

extension MeshResource {
  /// Under the name by which it was asked for, and will be removed, whatever it calls itself.
  fileprivate func named(_ name: String) -> MeshResource {
    switch self {
    case .listener(var listener) where listener.name != name:
      listener.name = name
      return .listener(listener)
    case .routes(var configuration) where configuration.name != name:
      configuration.name = name
      return .routes(configuration)
    case .cluster(var cluster) where cluster.name != name:
      cluster.name = name
      return .cluster(cluster)
    case .endpoints(var assignment) where assignment.clusterName != name:
      assignment.clusterName = name
      return .endpoints(assignment)
    case .listener, .routes, .cluster, .endpoints: return self
    }
  }
}
