import Injection

/// Pod Security admission, which judges the Pod after us: its levels `baseline` and `restricted` refuse NET_ADMIN.
enum PodSecurity {
  static let enforceLabel = "pod-security.kubernetes.io/enforce"
  static let refusingLevels: Set<String> = ["baseline", "restricted"]

  static func warning(level: String) -> String {
    "PodSecurity \(level) refuses amesh-init (NET_ADMIN); label the namespace \(enforceLabel)=privileged"
  }
}

extension NamespaceMetadata {
  /// The level that the namespace enforces, if it refuses what the init container needs.
  var refusingPodSecurityLevel: String? {
    labels?[PodSecurity.enforceLabel].flatMap { PodSecurity.refusingLevels.contains($0) ? $0 : nil }
  }
}
