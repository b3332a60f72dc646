package import KubernetesObjects

/// Readers of what an option may hold: nil means "not valid", and the caller names option, value and what would be
/// right. Annotations of a Pod, the mesh's configuration and the command line all read by these.
package enum RedirectValue {
  package static func ports(_ text: String) -> [PortRange]? {
    list(text) { PortRange($0) }
  }

  package static func portSet(_ text: String) -> PortSet? {
    if text == "*" { return .all }
    return ports(text).map(PortSet.ports)
  }

  package static func port(_ text: String) -> UInt16? {
    decimal(text).flatMap { $0 == 0 ? nil : $0 }
  }

  package static func cidrs(_ text: String) -> [CIDR]? {
    list(text) { CIDR($0) }
  }

  package static func interfaces(_ text: String) -> [String]? {
    list(text) { isInterfaceName($0) ? $0 : nil }
  }

  package static func user(_ text: String) -> UInt32? {
    // 4294967295 is -1, which means "no user".
    decimal(text).flatMap { $0 == UInt32.max ? nil : $0 }
  }

  package static func users(_ text: String) -> [UInt32]? {
    list(text) { user($0) }
  }

  /// Linux: 1 to 15 bytes, no slash, no white space; we are stricter: letters, digits and `._-@`, and at the end `+`,
  /// which stands for any rest.
  package static func isInterfaceName(_ text: String) -> Bool {
    let name = text.utf8.last == UInt8(ascii: "+") ? text.utf8.dropLast() : text.utf8[...]
    guard !name.isEmpty, text.utf8.count <= 15, text != ".", text != "..", name.first != UInt8(ascii: "-") else {
      return false
    }
    return name.allSatisfy { isAlphanumeric($0) || "._-@".utf8.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  /// What makes a list longer would not fit into the init container's arguments either.
  private static let longestList = 32_768

  /// Comma-separated, spaces around elements allowed; an empty text is an empty list, an empty element is not valid.
  package static func list<Element>(_ text: String, _ element: (String) -> Element?) -> [Element]? {
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
  package static func decimal<Number: FixedWidthInteger>(_ text: some StringProtocol) -> Number? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    guard text.utf8.count == 1 || text.utf8.first != 0x30 else { return nil }
    return Number(text)
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
