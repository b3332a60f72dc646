package struct JSONPatch: Sendable, Equatable {}
