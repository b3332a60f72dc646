package import EnvoyConfig

/// What has changed in the resources of a control plane.
package struct ResourceChanges: Sendable {
  package struct Changes<Resource: Sendable>: Sendable {
    package var set: [Resource]
    package var removed: [String]

    package init(set: [Resource] = [], removed: [String] = []) {
      self.set = set
      self.removed = removed
    }

    var isEmpty: Bool { self.set.isEmpty && removed.isEmpty }
  }

  package var listeners = Changes<Envoy_Config_Listener_V3_Listener>()
  package var routes = Changes<Envoy_Config_Route_V3_RouteConfiguration>()
  package var clusters = Changes<Envoy_Config_Cluster_V3_Cluster>()
  package var endpoints = Changes<Envoy_Config_Endpoint_V3_ClusterLoadAssignment>()

  package init() {}
}

/// What has changed in the objects of APISIX.
package struct ObjectChanges: Sendable, Hashable {
  /// New and changed ones, what is referred to first.
  package var set: [APISIXObject] = []
  /// What is gone, what refers to others first.
  package var removed: [APISIXObject.Key] = []

  package var isEmpty: Bool { self.set.isEmpty && removed.isEmpty }
}
