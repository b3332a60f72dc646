package struct CIDR: Sendable, Hashable {}
