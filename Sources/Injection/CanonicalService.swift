import KubernetesObjects

/// Name and revision under which a workload appears in telemetry, as Istio derives them.
enum CanonicalService {
  static func name(of pod: PodView, workload: String?) -> String {
    labelValue(label("app.kubernetes.io/name", pod) ?? label("app", pod) ?? workload ?? owner(of: pod))
  }

  static func revision(of pod: PodView) -> String {
    labelValue(label("app.kubernetes.io/version", pod) ?? label("version", pod) ?? "latest")
  }

  private static func label(_ name: String, _ pod: PodView) -> String? {
    guard let label = pod.label(name), !label.isEmpty else { return nil }
    return label
  }

  /// The Deployment or CronJob behind a ReplicaSet or Job, else the controller, else the Pod itself.
  private static func owner(of pod: PodView) -> String {
    let owners = pod.metadata?["ownerReferences"]
    guard let owner = owners?.elements.first(where: { $0.bool(of: "controller") == true }) ?? owners?[0],
      let name = owner.string(of: "name")
    else {
      if let name = pod.metadata?.string(of: "name"), !name.isEmpty { return name }
      return pod.metadata?.string(of: "generateName") ?? "unknown"
    }
    guard let dash = name.lastIndex(of: "-") else { return name }
    let suffix = name[name.index(after: dash)...]
    switch owner.string(of: "kind") {
    case "ReplicaSet" where pod.label("pod-template-hash").map { $0 == suffix } ?? false:
      return String(name[..<dash])
    case "Job" where (8...10).contains(suffix.utf8.count) && suffix.utf8.allSatisfy { (0x30...0x39).contains($0) }:
      return String(name[..<dash])
    default:
      return name
    }
  }

  /// At most 63 characters that begin and end with a letter or digit.
  static func labelValue(_ text: String) -> String {
    if !text.isEmpty, KubernetesName.isLabelValue(text) { return text }
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
    var bytes = text.utf8.prefix(63).map { isAlphanumeric($0) || "-_.".utf8.contains($0) ? $0 : 0x2d }[...]
    while let last = bytes.last, !isAlphanumeric(last) { bytes.removeLast() }
    while let first = bytes.first, !isAlphanumeric(first) { bytes.removeFirst() }
    return bytes.isEmpty ? "unknown" : String(decoding: bytes, as: UTF8.self)
  }
}
