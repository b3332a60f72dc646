import KubernetesObjects

extension SidecarPlan {
  /// Applies the patches of the mesh that this Pod has chosen, in its order.
  func patched(_ container: [UInt8], _ target: ContainerPatch.Target) throws(Denial) -> [UInt8] {
    if pod.patches.isEmpty { return container }
    guard var value = try? JSONValue(parsing: container) else { return container }
    let name = value["name"]
    var changed = false
    for patchName in pod.patches {
      guard let patch = mesh.patches[patchName] else {
        let known = mesh.patches.keys.sorted().joined(separator: ", ")
        throw Denial(
          reason: .unknownPatch,
          message: """
            container patch \(quoted(patchName, limit: 63)) is not defined by the mesh; \
            \(known.isEmpty ? "it defines none" : "it defines: \(known)")
            """
        )
      }
      guard patch.target == target else { continue }
      do {
        value = try patch.patch.apply(to: value)
      } catch {
        throw failed(patchName, "\(error)")
      }
      guard value["name"] == name else { throw failed(patchName, "it must leave the container its name") }
      changed = true
    }
    return changed ? value.serialized() : container
  }

  private func failed(_ name: String, _ why: String) -> Denial {
    Denial(
      reason: .failedPatch,
      message:
        "container patch \(quoted(name, limit: 63)) does not apply: \(why); correct it in the mesh's configuration"
    )
  }
}
