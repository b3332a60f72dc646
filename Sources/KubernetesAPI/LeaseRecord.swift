package import KubernetesObjects

/// What a `coordination.k8s.io/v1` Lease says.
package struct LeaseRecord: Sendable, Hashable {
  /// Empty for a Lease that was given back.
  package var holder: String
  /// In seconds, from the last renewal.
  package var duration: Int
  /// How often it has changed hands; whoever takes it adds one.
  package var transitions: Int
  /// Of the holder's own clock: looked at for whether it has changed, never compared with ours.
  package var acquired: String
  package var renewed: String

  package init(holder: String, duration: Int, transitions: Int, acquired: String = "", renewed: String = "") {
    self.holder = holder
    self.duration = duration
    self.transitions = transitions
    self.acquired = acquired
    self.renewed = renewed
  }

  /// What is missing counts as empty: such a Lease is free.
  package init(_ lease: JSONValue) {
    let spec = lease["spec"]
    self.init(
      holder: spec?["holderIdentity"]?.string ?? "",
      duration: spec?["leaseDurationSeconds"]?.integer ?? 0,
      transitions: spec?["leaseTransitions"]?.integer ?? 0,
      acquired: spec?["acquireTime"]?.string ?? "",
      renewed: spec?["renewTime"]?.string ?? ""
    )
  }

  /// The Lease with this said in it; whatever else it says stays.
  package func written(into lease: JSONValue) -> JSONValue {
    var lease = lease
    var spec = lease["spec"] ?? .object([:])
    if spec.object == nil { spec = .object([:]) }
    spec["holderIdentity"] = .string(holder)
    spec["leaseDurationSeconds"] = .number(JSONNumber(duration))
    spec["leaseTransitions"] = .number(JSONNumber(transitions))
    spec["acquireTime"] = acquired.isEmpty ? JSONValue?.none : .string(acquired)
    spec["renewTime"] = renewed.isEmpty ? JSONValue?.none : .string(renewed)
    lease["spec"] = spec
    return lease
  }

  /// A Lease that is not there yet.
  package static func newLease(_ key: ObjectKey) -> JSONValue {
    var metadata: JSONValue = ["name": .string(key.name)]
    metadata["namespace"] = key.namespace.map { .string($0) }
    return ["apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata]
  }
}
