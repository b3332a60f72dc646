import Injection
import KubernetesObjects

/// Tries container patches on a small Pod, as native and as classic sidecar, so that one that can't apply is found
/// before it denies Pods.
struct PatchTrial {
  private var mesh: MeshSettings

  init(_ mesh: MeshSettings) {
    self.mesh = mesh
    // What would keep the sample from being injected is no concern here.
    self.mesh.neverInject = []
    self.mesh.revision = MeshSettings().revision
    self.mesh.controlPlane.namespace = MeshSettings().controlPlane.namespace
  }

  /// Why these patches, one after the other, deny every Pod; nil if they apply.
  func failure(of patches: [String]) -> String? {
    guard !patches.isEmpty, let pod = try? JSONDocument(parsing: Self.sample.serialized()) else { return nil }
    let namespace = NamespaceMetadata(name: "sample", labels: [MeshNames.injectionLabel: "enabled"], annotations: [:])
    for (sidecar, name) in [(MeshSettings.NativeSidecar.always, "native"), (.never, "classic")] {
      var mesh = mesh
      mesh.nativeSidecar = sidecar
      mesh.defaultPatches = patches
      let outcome = Injector(settings: mesh).inject(pod: pod.root, context: InjectionContext(namespace: namespace))
      if outcome.reason == .failedPatch { return "\(outcome.message) (tried on a \(name) sidecar)" }
    }
    return nil
  }

  /// Patches that don't apply on their own: they may be meant to follow another one, so this is no problem yet.
  var warnings: [String] {
    mesh.patches.keys.sorted().compactMap { name in
      guard !mesh.defaultPatches.contains(name), let failure = failure(of: [name]) else { return nil }
      return "mesh.injection.patches.\(name): a Pod that asks for it alone is denied: \(failure)"
    }
  }

  private static let sample: JSONValue = [
    "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "sample"],
    "spec": ["containers": [["name": "app", "image": "app"]]],
  ]
}
