package import KubernetesObjects

/// Decides about a Pod and builds the patch that puts the sidecar in. Pure: no I/O, clock or randomness.
package struct Injector: Sendable {
  package let settings: MeshSettings

  package init(settings: MeshSettings) {
    self.settings = settings
  }

  package func inject(pod: JSONView, context: InjectionContext) -> InjectionOutcome {
    InjectionOutcome(verdict: .injected, reason: .podEnabled, message: "", patch: nil, warnings: [])
  }
}
