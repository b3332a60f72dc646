import Foundation
import KubernetesObjects
import KubernetesYAML
import ManifestInjection

/// A Pod as a controller would create it from a manifest's object, and what a webhook has answered about it.
struct ReviewedPod {
  let workload: Workload
  let namespace: String
  let pod: JSONValue

  static func all(in objects: [JSONValue], namespace: String) -> [ReviewedPod] {
    Workload.pods(in: objects).map { workload, pod in
      ReviewedPod(workload: workload, pod: pod, namespace: workload.namespace ?? namespace)
    }
  }

  private init(workload: Workload, pod: JSONValue, namespace: String) {
    self.workload = workload
    self.namespace = namespace
    var metadata = pod["metadata"]?.object ?? [:]
    if !workload.path.isEmpty { metadata["generateName"] = .string(workload.name + "-") }
    metadata["namespace"] = .string(namespace)
    var members: [(String, JSONValue)] = [("apiVersion", "v1"), ("kind", "Pod"), ("metadata", .object(metadata))]
    members += (pod.object ?? [:]).filter { !["apiVersion", "kind", "metadata"].contains($0.0) }
    self.pod = .object(JSONObject(members))
  }

  /// admission.k8s.io/v1 AdmissionReview, with what an API server sends.
  func review(uid: String) -> JSONValue {
    let pods: JSONValue = ["group": "", "version": "v1", "resource": "pods"]
    let kind: JSONValue = ["group": "", "version": "v1", "kind": "Pod"]
    return [
      "apiVersion": "admission.k8s.io/v1",
      "kind": "AdmissionReview",
      "request": [
        "uid": .string(uid), "kind": kind, "resource": pods, "requestKind": kind, "requestResource": pods,
        "name": pod["metadata"]?["name"] ?? "", "namespace": .string(namespace), "operation": "CREATE",
        "userInfo": ["username": "system:serviceaccount:kube-system:replicaset-controller"],
        "object": pod, "oldObject": nil, "dryRun": true,
        "options": ["apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"],
      ],
    ]
  }

  /// What the answer means, for a person.
  func describe(_ answer: JSONValue) -> String {
    let response = answer["response"]
    let audit = response?["auditAnnotations"]
    let allowed = response?["allowed"]?.bool == true
    let patched = patched(response)
    let verdict = allowed ? (patched == nil ? "allowed, unchanged" : "injected") : "denied"
    let style: Style = allowed ? (patched == nil ? .yellow : .green) : .red
    var lines = [
      Style.bold.apply("\(workload.kind)/\(workload.name)", on: STDOUT_FILENO) + " in namespace \(namespace): "
        + style.apply(verdict, on: STDOUT_FILENO)
    ]
    if let reason = audit?["reason"]?.string { lines.append("  reason:   \(reason)") }
    if let message = response?["status"]?["message"]?.string { lines.append("  message:  \(message)") }
    for warning in response?["warnings"]?.array ?? [] { lines.append("  warning:  \(warning.string ?? "")") }
    if let patched {
      lines.append("")
      lines += TextDiff.lines(from: YAMLPrinter.print(pod), to: YAMLPrinter.print(patched)).map(Self.show)
    }
    return lines.joined(separator: "\n")
  }

  private func patched(_ response: JSONValue?) -> JSONValue? {
    guard let text = response?["patch"]?.string, let bytes = Data(base64Encoded: text),
      let value = try? JSONValue(parsing: Array(bytes)), let patch = try? JSONPatch(value)
    else { return nil }
    return try? patch.apply(to: pod)
  }

  private static func show(_ line: TextDiff.Line) -> String {
    switch line {
    case .same(let text): "    " + text
    case .removed(let text): Style.red.apply("  - " + text, on: STDOUT_FILENO)
    case .added(let text): Style.green.apply("  + " + text, on: STDOUT_FILENO)
    case .gap(let count): Style.dim.apply("    … \(count) lines as they were", on: STDOUT_FILENO)
    }
  }
}
