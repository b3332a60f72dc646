import KubernetesObjects

extension JSONValue: ExpressibleByFloatLiteral {
  public init(floatLiteral value: Double) { self = JSONNumber(spelling: "\(value)").map(JSONValue.number) ?? .null }
}
