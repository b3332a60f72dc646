import KubernetesObjects

/// What is kept of a node: which Pods its kubelet can run.
struct KubeletVersion: Sendable, Hashable {
  /// Nil for a version that can't be read.
  var minor: Int?
  /// Whether Pods of ours may be put there now.
  var takesPods: Bool

  init?(_ node: JSONView) {
    let status = node["status"]
    let info = status?["nodeInfo"]
    // Windows is never meshed.
    guard info?.string(of: "operatingSystem") ?? "linux" == "linux" else { return nil }
    minor = info?.string(of: "kubeletVersion").flatMap { KubernetesVersion.minor($0) }
    let isReady = status?["conditions"]?.conditions.contains { $0.has("type", "Ready") && $0.has("status", "True") }
    takesPods = isReady == true && node["spec"]?.bool(of: "unschedulable") != true
  }
}

extension JSONView {
  fileprivate var conditions: [JSONView] { kind == .array ? Array(elements) : [] }
}
