import KubernetesObjects

/// The minor version of a Kubernetes 1.x.
enum KubernetesVersion {
  /// Of `v1.33.4-eks-1234`, as servers and kubelets call themselves; nil for what is no version of 1.x.
  static func minor(_ text: String) -> Int? {
    let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "v1" || parts[0] == "1" else { return nil }
    // Some write 1.33+.
    let digits = parts[1].prefix { $0.isASCII && $0.isNumber }
    guard (1...3).contains(digits.count) else { return nil }
    return Int(digits)
  }

  /// Of the answer at `/version`.
  static func minor(answer: [UInt8]) -> Int? {
    guard answer.count <= 64 * 1024, let root = try? JSONDocument(parsing: answer, maximumDepth: 8).root
    else { return nil }
    if let version = root.string(of: "gitVersion"), let minor = minor(version) { return minor }
    return minor("\(root.string(of: "major") ?? "").\(root.string(of: "minor") ?? "")")
  }
}
