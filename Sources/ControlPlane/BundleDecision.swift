import CertificateAuthority

/// The bundle that every namespace is to have.
package struct WantedBundle: Sendable, Equatable {
  package var pem: String
  /// Of the state that it is from.
  package var generation: Int

  package init(pem: String, generation: Int) {
    self.pem = pem
    self.generation = generation
  }
}

/// What is to be done about one namespace's ConfigMap.
enum BundleDecision: Sendable, Equatable {
  case keep
  case write
  /// It claims to be of a later state than ours: written by a leader that has come after us, or by nobody of us.
  case doubt(generation: Int)

  /// - Parameter isHome: in the control plane's own namespace, whose ConfigMap tells replicas that start how far the mesh
  ///   had come.
  static func of(_ held: HeldBundle?, _ wanted: WantedBundle, isHome: Bool) -> BundleDecision {
    guard let held else { return .write }
    let isSame = held.text?.pem == wanted.pem
    if let generation = held.generation, generation > wanted.generation {
      return isSame && !isHome ? .keep : .doubt(generation: generation)
    }
    if !isSame { return .write }
    return isHome && held.generation != wanted.generation ? .write : .keep
  }
}
