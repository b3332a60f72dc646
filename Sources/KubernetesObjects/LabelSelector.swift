package struct LabelSelector: Sendable, Equatable {}
