package struct Quantity: Sendable, Hashable, ExpressibleByStringLiteral {
  package init(stringLiteral value: String) {}
}
