/// How a Pod talks to other Pods of the mesh, and what it takes from them.
package enum MTLSMode: String, Sendable, CaseIterable {
  /// Mutual TLS with those that have it; plaintext from and to everybody else.
  case permissive
  /// No plaintext comes in but health checks, and none goes to what is known to be of the mesh.
  case strict
  /// Plaintext only.
  case disabled
}
