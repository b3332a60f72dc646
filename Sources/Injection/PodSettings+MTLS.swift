import SPIFFE

extension PodSettings {
  /// Who calls is known by mutual TLS only: whoever names callers wants nobody else served, in plaintext neither.
  mutating func checkAllowedIdentities(_ warnings: inout [String]) throws(Denial) {
    guard allowedIdentities != nil else { return }
    let name = PodAnnotation.allowedIdentities.name
    switch mtls {
    case .strict: break
    case .permissive:
      mtls = .strict
      warnings.append("\(name) is set: the Pod takes no plaintext, as with mtls: strict")
    case .disabled:
      throw Denial(
        reason: .invalidAnnotation,
        message: """
          \(name) is set, and mtls is disabled: who calls can't be known; set \(PodAnnotation.mtls.name) to strict, or \
          take \(name) away
          """
      )
    }
  }
}

extension AnnotationValue {
  /// More take long to look through for each request.
  private static let maximumIdentities = 256

  static func identities(_ text: String) -> [IdentityPattern]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= maximumIdentities, text.utf8.count <= EnvironmentValue.limit else { return nil }
    var patterns: [IdentityPattern] = []
    for part in parts {
      let trimmed = part.drop { $0 == " " }
      let end = trimmed.lastIndex { $0 != " " }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
      guard let pattern = try? IdentityPattern(String(trimmed[..<end])) else { return nil }
      if !patterns.contains(pattern) { patterns.append(pattern) }
    }
    return patterns
  }
}
