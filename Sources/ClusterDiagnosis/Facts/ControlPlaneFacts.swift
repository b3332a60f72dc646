package import KubernetesObjects

/// The control plane's Deployment.
package struct DeploymentFacts: Sendable, Hashable {
  package var name: String
  package var serviceAccount: String
  package var image: String
  package var wanted: Int
  package var available: Int
  /// Whether the cluster has seen the Deployment as it is now.
  package var isObserved: Bool

  package init(
    _ name: String,
    serviceAccount: String = "amesh",
    image: String = "",
    wanted: Int,
    available: Int,
    isObserved: Bool = true
  ) {
    self.name = name
    self.serviceAccount = serviceAccount
    self.image = image
    self.wanted = wanted
    self.available = available
    self.isObserved = isObserved
  }

  package init?(_ object: JSONView) {
    guard let facts = ObjectFacts(object), let pod = object["spec"]?["template"]?["spec"] else { return nil }
    name = facts.name
    serviceAccount = pod.string(of: "serviceAccountName") ?? "default"
    image = pod.parts("containers").first?.string(of: "image") ?? ""
    wanted = object["spec"]?.integer(of: "replicas") ?? 1
    available = object["status"]?.integer(of: "availableReplicas") ?? 0
    let generation = object["metadata"]?.integer(of: "generation") ?? 0
    isObserved = object["status"]?.integer(of: "observedGeneration") ?? 0 >= generation
  }

  /// What the image's tag says, where it looks like a version.
  package var version: String? {
    let reference = image.split(separator: "@").first ?? ""
    guard let colon = reference.lastIndex(of: ":") else { return nil }
    let tag = reference[reference.index(after: colon)...]
    let numbers = (tag.hasPrefix("v") ? tag.dropFirst() : tag).split(separator: "-").first?.split(separator: ".") ?? []
    guard numbers.count == 3, numbers.allSatisfy({ Int($0) != nil }) else { return nil }
    return String(tag.hasPrefix("v") ? tag.dropFirst() : tag)
  }
}

/// A Pod of the control plane.
package struct ControlPlanePodFacts: Sendable, Hashable {
  package var name: String
  package var isReady: Bool
  /// In the cluster's words; nil where it says nothing.
  package var trouble: String?

  package init(_ name: String, isReady: Bool, trouble: String? = nil) {
    self.name = name
    self.isReady = isReady
    self.trouble = trouble
  }

  /// Nil for one that has ended or is going.
  package init?(_ pod: JSONView) {
    guard let facts = ObjectFacts(pod), !facts.isBeingDeleted else { return nil }
    let status = pod["status"]
    let phase = status?.string(of: "phase") ?? "Pending"
    guard phase != "Succeeded", phase != "Failed" else { return nil }
    name = facts.name
    let conditions = status?.parts("conditions") ?? []
    isReady = conditions.contains { $0.has("type", "Ready") && $0.has("status", "True") }
    let container = status?.parts("containerStatuses").first
    let state = container?["state"]?["waiting"] ?? container?["lastState"]?["terminated"]
    trouble =
      state?.string(of: "reason") ?? conditions.first { $0.has("status", "False") }?.string(of: "message")
      ?? (phase == "Running" ? nil : phase)
    trouble = trouble.map { String($0.prefix(200)) }
  }
}
