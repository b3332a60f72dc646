import Injection
import KubernetesObjects
import Redirect

extension SettingType where Value == PortRange {
  /// A port, or the first and last of several.
  static var ports: SettingType {
    .scalar(
      "ports",
      parse: { scalar throws(Refusal) in
        guard let text = scalar.spelling, let ports = PortRange(text) else {
          throw Refusal(scalar.value, isNot: "a port", use: "1 to 65535, or a range such as 9000-9010")
        }
        return ports
      },
      encode: { $0.first == $0.last ? .number(JSONNumber(Int($0.first))) : .string("\($0.first)-\($0.last)") }
    )
  }
}

extension SettingType where Value == PortSet {
  /// A list of ports, or `*`.
  static var portSet: SettingType {
    let list = SettingType<PortRange>.ports.list
    return SettingType(
      name: "list of ports, or \"*\"",
      decode: { value, key, findings in
        if value.value == .string("*") || value.value == .array(["*"]) { return .all }
        return list.decode(value, key, &findings).map(PortSet.ports)
      },
      encode: { ports in
        switch ports {
        case .all: "*"
        case .ports(let ranges): list.encode(ranges)
        }
      }
    )
  }
}

extension SettingType where Value == CIDR {
  static var cidr: SettingType {
    .scalar(
      "CIDR",
      parse: { scalar throws(Refusal) in
        guard let cidr = scalar.string.flatMap({ CIDR($0) }) else {
          throw Refusal(
            scalar.value,
            isNot: "a CIDR",
            use: "an address and prefix length, such as 10.0.0.0/8 or fd00::/8"
          )
        }
        return cidr
      },
      encode: { .string($0.description) }
    )
  }
}

extension SettingType where Value == UInt32 {
  static var uid: SettingType {
    .scalar(
      "uid",
      parse: { scalar throws(Refusal) in
        guard let uid = scalar.integer.flatMap(UInt32.init(exactly:)), uid < .max else {
          throw Refusal(scalar.value, isNot: "a numeric uid", use: "0 to 4294967294")
        }
        return uid
      },
      encode: { .number(JSONNumber(Int($0))) }
    )
  }
}

extension SettingType where Value == Quantity {
  static var quantity: SettingType {
    .scalar(
      "quantity",
      parse: { scalar throws(Refusal) in
        guard let text = scalar.spelling, let quantity = Quantity(text), quantity >= "0" else {
          throw Refusal(scalar.value, isNot: "a quantity", use: "such as 100m, 0.5, 128Mi or 1Gi")
        }
        return quantity
      },
      encode: { .string($0.text) }
    )
  }
}

extension SettingType where Value == ClusterCapabilities {
  /// A Kubernetes version such as 1.33, 1.33+ or v1.33.1-gke.1584000.
  static var kubernetesVersion: SettingType {
    .scalar(
      "Kubernetes version",
      parse: { scalar throws(Refusal) in
        let text = scalar.spelling ?? ""
        let version = text.hasPrefix("v") ? text.dropFirst() : text[...]
        let digits = version.dropFirst(2).prefix { "0123456789".contains($0) }
        let rest = version.dropFirst(2 + digits.count)
        guard version.hasPrefix("1."), let minor = UInt8(digits), rest.first.map({ ".+-".contains($0) }) ?? true else {
          throw Refusal(scalar.value, isNot: "a Kubernetes version", use: "such as \"1.33\"")
        }
        return ClusterCapabilities(minorVersion: Int(minor))
      },
      encode: { $0.minorVersion.map { .string("1.\($0)") } ?? .null }
    )
  }
}
