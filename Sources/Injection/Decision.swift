import KubernetesObjects

/// Whether a Pod is injected: the truth table, row by row.
struct Decision: Equatable {
  var reason: InjectionReason
  var warnings: [String] = []

  static func make(pod: PodView, context: InjectionContext, mesh: MeshFragments) -> Decision {
    let namespace = context.namespace
    var warnings: [String] = []
    if let reason = Self.forbidden(namespace.name, mesh) {
      if pod.label(MeshNames.injectLabel) == "true" {
        warnings.append("no sidecar: Pods in namespace \(namespace.name) are never injected")
      }
      return Decision(reason: reason, warnings: warnings)
    }

    let wish = Wish(pod: pod, context: context, revision: mesh.settings.revision, warnings: &warnings)
    guard wish.reason.verdict == .injected else { return Decision(reason: wish.reason, warnings: warnings) }

    // From here on someone asked for a sidecar, so each refusal is told to the user.
    if pod.spec?.bool(of: "hostNetwork") == true {
      warnings.append("no sidecar: a Pod with hostNetwork is never injected")
      return Decision(reason: .hostNetwork, warnings: warnings)
    }
    if OperatingSystem.isWindows(pod) {
      warnings.append("no sidecar: Windows Pods are never injected")
      return Decision(reason: .windows, warnings: warnings)
    }
    // The node runs the Pod already, from a file of its own.
    if pod.annotations?.has("kubernetes.io/config.mirror") == true {
      return Decision(reason: .mirrorPod, warnings: warnings)
    }
    if let index = mesh.settings.neverInject.firstIndex(where: { $0.matches(pod.label) }) {
      warnings.append("no sidecar: selector \(index + 1) of the mesh's neverInject matches this Pod's labels")
      return Decision(reason: .neverInject, warnings: warnings)
    }
    return Decision(reason: wish.reason, warnings: warnings)
  }

  private static func forbidden(_ namespace: String, _ mesh: MeshFragments) -> InjectionReason? {
    if MeshNames.systemNamespaces.contains(namespace) { return .systemNamespace }
    return namespace == mesh.settings.controlPlane.namespace ? .controlPlaneNamespace : nil
  }
}

/// What the labels of a Pod and of its namespace ask for, before anything forbids it.
private struct Wish {
  var reason: InjectionReason

  init(pod: PodView, context: InjectionContext, revision: String, warnings: inout [String]) {
    let namespace = NamespaceLabels(context: context, revision: revision, warnings: &warnings)
    var labels = LabelWish(namespace: namespace.injection, namespaceRevision: namespace.revision)
    labels.podRevision = pod.label(MeshNames.revisionLabel)
    switch pod.label(MeshNames.injectLabel) {
    case "true": labels.pod = true
    case "false": labels.pod = false
    case let other:
      if let found = pod.labels?[MeshNames.injectLabel], found.kind != .string {
        warnings.append("label \(MeshNames.injectLabel) is not a string (put it in quotes): the namespace decides")
      } else if let other {
        warnings.append(
          "label \(MeshNames.injectLabel) is \(quoted(other, limit: 24)), not true or false: the namespace decides"
        )
      }
    }
    reason = labels.reason(for: revision)
    if reason == .notEnabled, pod.annotation(MeshNames.injectLabel) == "true" {
      warnings.append("annotation \(MeshNames.injectLabel) has to be a label: it is ignored")
    }
  }
}

/// What a namespace says; where its labels are not known, what the webhook that was called implies.
private struct NamespaceLabels {
  var injection: LabelWish.Injection?
  var revision: String?

  init(context: InjectionContext, revision ours: String, warnings: inout [String]) {
    guard let labels = context.namespace.labels else {
      switch context.caller {
      case .namespace:
        // This selector belongs to the revision that the API server called: ours.
        injection = .enabled
        revision = ours == "default" ? nil : ours
      case .revision: revision = ours
      case .pod, .labels: break
      }
      return
    }
    revision = labels[MeshNames.revisionLabel]
    switch labels[MeshNames.injectionLabel] {
    case "enabled": injection = .enabled
    case "disabled": injection = .disabled
    case let other?:
      warnings.append(
        "namespace label \(MeshNames.injectionLabel) is \(quoted(other, limit: 22)), not enabled or disabled: it is ignored"
      )
    case nil: break
    }
    if injection != nil, revision != nil {
      let winner = injection == .disabled ? "injection: disabled" : "the revision"
      warnings.append("the namespace has both an injection and a rev label: \(winner) wins")
    }
  }
}
