package import MeshResources
package import XDSProtocol

extension ResourceChanges {
  /// What a stream has brought.
  package init(_ change: XDSChange<MeshResource>) {
    self.init()
    for setting in change.settings { add(setting.content) }
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
