import KubernetesObjects
import Redirect

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

  static func ports(_ text: String) -> [PortRange]? { RedirectValue.ports(text) }

  static func portSet(_ text: String) -> PortSet? { RedirectValue.portSet(text) }

  static func cidrs(_ text: String) -> [CIDR]? { RedirectValue.cidrs(text) }

  static func interfaces(_ text: String) -> [String]? { RedirectValue.interfaces(text) }

  static func uids(_ text: String) -> [UInt32]? { RedirectValue.users(text) }

  static func names(_ text: String) -> [String]? {
    RedirectValue.list(text) { $0 }
  }

  static func decimal<Number: FixedWidthInteger>(_ text: some StringProtocol) -> Number? {
    RedirectValue.decimal(text)
  }
}

extension MeshSettings {
  package static func isInterfaceName(_ text: String) -> Bool { RedirectValue.isInterfaceName(text) }
}
