import Injection
import KubernetesObjects

/// The webhooks of a revision as the manifests have them; a test holds this against the manifests.
struct ExpectedWebhook: Sendable, Equatable {
  static let domain = "injection.amesh.apisix.apache.org"

  var name: String
  var path: String
  var namespaceSelector: LabelSelector
  var objectSelector: LabelSelector

  static func all(_ subject: DiagnosisSubject) -> [ExpectedWebhook] {
    let isDefault = subject.revision == "default"
    let ours = Requirement(key: MeshNames.revisionLabel, operator: .in, values: [subject.revision])
    let none = Requirement(key: MeshNames.revisionLabel, operator: .doesNotExist)
    let enabled = Requirement(key: MeshNames.injectionLabel, operator: .in, values: ["enabled"])
    let notDisabled = Requirement(key: MeshNames.injectionLabel, operator: .notIn, values: ["disabled"])
    let asks = Requirement(key: MeshNames.injectLabel, operator: .in, values: ["true"])
    let silent = Requirement(key: MeshNames.injectLabel, operator: .notIn, values: ["true", "false"])
    let never = [
      Requirement(
        key: "kubernetes.io/metadata.name",
        operator: .notIn,
        values: [subject.namespace] + MeshNames.systemNamespaces
      ), Requirement(key: ControlPlaneCheck.ownLabel, operator: .doesNotExist),
    ]
    func webhook(_ name: String, _ path: String, _ namespace: [Requirement], _ pod: [Requirement]) -> ExpectedWebhook {
      ExpectedWebhook(
        name: isDefault ? "\(name).\(domain)" : "\(name).\(subject.revision).\(domain)",
        path: "/inject/\(path)",
        namespaceSelector: LabelSelector(matchExpressions: never + namespace),
        objectSelector: LabelSelector(matchExpressions: pod)
      )
    }
    // Who names no revision asks for the default one.
    let unnamed = [
      webhook("namespace", "namespace", [enabled, none], [silent, none]), webhook("pod", "pod", [none], [asks, none]),
    ]
    return (isDefault ? unnamed : []) + [
      webhook("pod-with-rev", "rev", [], [asks, ours]), webhook("pod-in-rev", "rev", [ours], [asks, none]),
      webhook("rev-of-pod", "rev", [notDisabled], [silent, ours]),
      webhook("rev-of-namespace", "rev", [notDisabled, ours], [silent, none]),
    ]
  }

  /// What differs in one that is there.
  func differences(_ found: WebhookFacts) -> [String] {
    var differences: [String] = []
    if found.namespaceSelector != namespaceSelector { differences.append("namespaceSelector") }
    if found.objectSelector != objectSelector { differences.append("objectSelector") }
    if found.rules != [.newPods] { differences.append("rules") }
    if !found.path.hasSuffix(path) { differences.append("path \(found.path)") }
    if found.failurePolicy != "Fail" { differences.append("failurePolicy \(found.failurePolicy)") }
    if found.sideEffects != "None" { differences.append("sideEffects \(found.sideEffects)") }
    if found.timeout != 5 { differences.append("timeoutSeconds \(found.timeout)") }
    if found.reinvocation != "IfNeeded" { differences.append("reinvocationPolicy \(found.reinvocation)") }
    if found.matchPolicy != "Equivalent" { differences.append("matchPolicy \(found.matchPolicy)") }
    if !found.versions.contains("v1") { differences.append("admissionReviewVersions without v1") }
    return differences
  }
}

private typealias Requirement = LabelSelector.Requirement
