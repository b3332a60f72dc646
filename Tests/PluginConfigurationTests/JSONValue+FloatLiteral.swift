import KubernetesObjects

extension JSONValue: ExpressibleByFloatLiteral {
  /// Numbers with a fraction, as schemas have them.
  public init(floatLiteral value: Double) { self = JSONNumber(spelling: "\(value)").map(JSONValue.number) ?? .null }
}
