import KubernetesObjects

/// Readers of annotation values: nil means "not valid", and the caller names annotation, value and what would be right.
enum AnnotationValue {
  static func bool(_ text: String) -> Bool? {
    switch text {
    case "true": true
    case "false": false
    default: nil
    }
  }

  static func image(_ text: String) -> String? {
    MeshSettings.isImageReference(text) ? text : nil
  }

  /// An empty text is a value too: it takes the setting away.
  static func quantity(_ text: String) -> Quantity?? {
    if text.isEmpty { return .some(nil) }
    guard let quantity = Quantity(text), quantity >= "0" else { return nil }
    return quantity
  }

  static func ports(_ text: String) -> [PortRange]? {
    list(text) { PortRange($0) }
  }

  static func portSet(_ text: String) -> PortSet? {
    if text == "*" { return .all }
    return ports(text).map(PortSet.ports)
  }

  static func cidrs(_ text: String) -> [CIDR]? {
    list(text) { CIDR($0) }
  }

  static func interfaces(_ text: String) -> [String]? {
    list(text) { MeshSettings.isInterfaceName($0) ? $0 : nil }
  }

  static func uids(_ text: String) -> [UInt32]? {
    // 4294967295 is -1, which means "no user".
    list(text) { decimal($0).flatMap { $0 == UInt32.max ? nil : $0 } }
  }

  static func names(_ text: String) -> [String]? {
    list(text) { $0 }
  }

  private static let longestList = 32_768

  /// Comma-separated, spaces around elements allowed; an empty text is an empty list, an empty element is not valid.
  private static func list<Element>(_ text: String, _ element: (String) -> Element?) -> [Element]? {
    // What makes a list longer would not fit into the init container's arguments either.
    guard text.utf8.count <= longestList else { return nil }
    let text = text.trimmingSpaces
    if text.isEmpty { return [] }
    var elements: [Element] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let part = part.trimmingSpaces
      guard !part.isEmpty, let value = element(part) else { return nil }
      elements.append(value)
    }
    return elements
  }

  /// ASCII digits only: no sign, no leading zero, which other programs read as octal.
  static func decimal<Number: FixedWidthInteger>(_ text: some StringProtocol) -> Number? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    guard text.utf8.count == 1 || text.utf8.first != 0x30 else { return nil }
    return Number(text)
  }
}

extension PortRange {
  /// `8080` or `9000-9010`; nil if it is neither, holds port 0 or runs backwards.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let from = parts.first, let first: UInt16 = AnnotationValue.decimal(from), first > 0 else { return nil }
    guard parts.count == 2 else {
      self.init(first)
      return
    }
    guard let last: UInt16 = AnnotationValue.decimal(parts[1]) else { return nil }
    self.init(first: first, last: last)
  }

  /// As ``init(_:)`` reads it.
  package var text: String { first == last ? "\(first)" : "\(first)-\(last)" }

  package func contains(_ port: UInt16) -> Bool { first <= port && port <= last }
}

extension MeshSettings {
  /// Linux: 1 to 15 bytes, no slash, no white space; we are stricter: letters, digits and `._-@`, and at the end `+`,
  /// which stands for any rest.
  package static func isInterfaceName(_ text: String) -> Bool {
    let name = text.utf8.last == UInt8(ascii: "+") ? text.utf8.dropLast() : text.utf8[...]
    guard (1...15).contains(text.utf8.count), text != ".", text != "..", name.first != UInt8(ascii: "-") else {
      return false
    }
    return name.allSatisfy { isAlphanumeric($0) || "._-@".utf8.contains($0) }
  }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
