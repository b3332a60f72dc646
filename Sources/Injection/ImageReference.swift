extension MeshSettings {
  /// `[host[:port]/]path[:tag][@algorithm:digest]`, as container runtimes read it, of at most 512 bytes.
  package static func isImageReference(_ text: String) -> Bool {
    guard (1...512).contains(text.utf8.count) else { return false }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count <= 2, let name = parts.first else { return false }
    if parts.count == 2, !isDigest(parts[1]) { return false }
    var components = name.split(separator: "/", omittingEmptySubsequences: false)
    if components.count > 1, let host = components.first, isHost(host) { components.removeFirst() }
    guard let last = components.popLast() else { return false }
    let tagged = last.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if tagged.count == 2, !isTag(tagged[1]) { return false }
    guard let base = tagged.first else { return false }
    return (components + [base]).allSatisfy(isPathComponent)
  }

  /// What a first component is taken for when it has a dot, a port or a capital, or is localhost.
  private static func isHost(_ text: Substring) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first else { return false }
    if parts.count == 2 {
      guard let port: UInt16 = AnnotationValue.decimal(parts[1]), port > 0 else { return false }
    }
    return isFramed(name, by: isAlphanumeric) && name.utf8.allSatisfy { isAlphanumeric($0) || ".-".utf8.contains($0) }
  }

  private static func isPathComponent(_ text: Substring) -> Bool {
    func isInner(_ byte: UInt8) -> Bool { isAlphanumeric(byte) && !(0x41...0x5a).contains(byte) }
    return isFramed(text, by: isInner) && text.utf8.allSatisfy { isInner($0) || "._-".utf8.contains($0) }
  }

  private static func isTag(_ text: Substring) -> Bool {
    guard (1...128).contains(text.utf8.count), let first = text.utf8.first else { return false }
    return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
      && text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
  }

  private static func isDigest(_ text: Substring) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let algorithm = parts.first, !parts[1].isEmpty else { return false }
    return isFramed(algorithm, by: isAlphanumeric)
      && algorithm.utf8.allSatisfy { isAlphanumeric($0) || "+._-".utf8.contains($0) }
      && parts[1].utf8.allSatisfy { isAlphanumeric($0) || "=_-".utf8.contains($0) }
  }

  private static func isFramed(_ text: Substring, by isOuter: (UInt8) -> Bool) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last else { return false }
    return isOuter(first) && isOuter(last)
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }
}
