import KubernetesObjects

/// Whether a Pod can run on Windows nodes only, by what it says of itself or of its nodes.
enum OperatingSystem {
  private static let labels: [StaticString] = ["kubernetes.io/os", "beta.kubernetes.io/os"]

  static func isWindows(_ pod: PodView) -> Bool {
    guard let spec = pod.spec else { return false }
    if spec["os"]?.has("name", "windows") == true { return true }
    if let selector = spec["nodeSelector"], labels.contains(where: { selector.has($0, "windows") }) {
      return true
    }
    let required = spec["affinity"]?["nodeAffinity"]?["requiredDuringSchedulingIgnoredDuringExecution"]
    // A node has to match one of the terms, so Windows has to be in all of them.
    guard let terms = required?["nodeSelectorTerms"], terms.count > 0, terms.kind == .array else { return false }
    return terms.elements.allSatisfy { term in
      term["matchExpressions"]?.elements.contains(where: asksForWindows) ?? false
    }
  }

  private static func asksForWindows(_ expression: JSONView) -> Bool {
    guard let key = expression["key"], labels.contains(where: { key.equals($0) }), let values = expression["values"]
    else {
      return false
    }
    return expression.has("operator", "In") && values.count > 0
      && values.elements.allSatisfy { $0.equals("windows") }
  }
}
