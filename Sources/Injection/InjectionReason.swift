/// The row of the decision's truth table that applied. Raw values are labels of metrics and audit annotations.
package enum InjectionReason: String, Sendable, CaseIterable {
  // Skipped: in the order in which the decision asks.
  case systemNamespace = "system-namespace"
  case controlPlaneNamespace = "control-plane-namespace"
  case podDisabled = "pod-disabled"
  case namespaceDisabled = "namespace-disabled"
  case notEnabled = "not-enabled"
  case otherRevision = "other-revision"
  case hostNetwork = "host-network"
  case windows
  case mirrorPod = "mirror-pod"
  case neverInject = "never-inject"

  // Injected: what asked for it.
  case podEnabled = "pod-enabled"
  case revision
  case namespaceEnabled = "namespace-enabled"

  // Denied.
  case malformedPod = "malformed-pod"
  case invalidAnnotation = "invalid-annotation"
  case reservedName = "reserved-name"
  case proxyUser = "proxy-user"
  case unknownPatch = "unknown-patch"
  case failedPatch = "failed-patch"
  case lostProbe = "lost-probe"

  /// What the row says, for the table in the README and for `amesh explain`.
  package var summary: String {
    switch self {
    case .systemNamespace: "the namespace is kube-system, kube-public or kube-node-lease"
    case .controlPlaneNamespace: "the namespace is the control plane's own"
    case .podDisabled: "the Pod is labelled inject: \"false\""
    case .namespaceDisabled: "the namespace is labelled injection: disabled, and the Pod does not ask for a sidecar"
    case .notEnabled: "neither the Pod nor its namespace asks for a sidecar"
    case .otherRevision: "the revision that is asked for is another control plane's"
    case .hostNetwork: "the Pod uses the node's network, which must not be redirected"
    case .windows: "the Pod runs on Windows"
    case .mirrorPod: "the Pod mirrors a static Pod, which its node runs from a file"
    case .neverInject: "one of the mesh's neverInject selectors matches the Pod"
    case .podEnabled: "the Pod is labelled inject: \"true\""
    case .namespaceEnabled: "the namespace is labelled injection: enabled"
    case .revision: "the namespace or the Pod is labelled with this control plane's revision"
    case .malformedPod: "the Pod is not what the Kubernetes API describes"
    case .invalidAnnotation: "an annotation of the mesh has a value that is not valid"
    case .reservedName: "a container or volume that is not ours bears a reserved name"
    case .proxyUser: "an application container runs as the user or group of the proxy"
    case .unknownPatch: "a container patch is asked for that the mesh does not define"
    case .failedPatch: "a container patch of the mesh does not apply"
    case .lostProbe: "a probe points at the sidecar, but what it stood for is not recorded"
    }
  }

  package var verdict: InjectionOutcome.Verdict {
    switch self {
    case .systemNamespace, .controlPlaneNamespace, .podDisabled, .namespaceDisabled, .notEnabled,
      .otherRevision, .hostNetwork, .windows, .mirrorPod, .neverInject:
      .skipped
    case .podEnabled, .namespaceEnabled, .revision:
      .injected
    case .malformedPod, .invalidAnnotation, .reservedName, .proxyUser, .unknownPatch, .failedPatch, .lostProbe:
      .denied
    }
  }
}

extension InjectionReason {
  /// Every row, in the order in which the decision asks, for the README.
  package static func markdownTable() -> String {
    var rows = ["| Reason | What becomes of the Pod | When |", "|---|---|---|"]
    for reason in allCases {
      rows.append("| `\(reason.rawValue)` | \(reason.verdict.rawValue) | \(reason.summary) |")
    }
    return rows.joined(separator: "\n")
  }
}
