package import KubernetesObjects

/// Takes the sidecar out of a Pod again, guided by the status annotation: the inverse of ``Injector``.
package enum Uninjector {
  private static let seccompAnnotation = "container.seccomp.security.alpha.kubernetes.io/"

  /// - Returns: the Pod as it was before injection, or nil if it bears no status annotation.
  package static func uninject(_ pod: JSONValue) -> JSONValue? {
    guard let text = pod["metadata"]?["annotations"]?[MeshNames.statusAnnotation]?.string,
      let status = InjectionStatus(annotation: text)
    else { return nil }
    var pod = pod
    restoreProbes(in: &pod)
    // Whoever wrote the status: a container of the application is never taken out.
    func ours(_ names: [String]) -> [String] { names.filter { $0.hasPrefix("amesh-") } }
    remove(ours(status.initContainers), fromList: "initContainers", in: &pod)
    remove(ours(status.containers), fromList: "containers", in: &pod)
    remove(ours(status.volumes), fromList: "volumes", in: &pod)
    remove(status.imagePullSecrets, fromList: "imagePullSecrets", in: &pod)
    remove(status.labels.filter(MeshNames.labels.contains), fromMap: "labels", in: &pod)
    // API servers before 1.27 tell a container's seccomp profile in an annotation too.
    let profiles = ours(status.initContainers + status.containers).map { seccompAnnotation + $0 }
    let annotations = status.annotations.filter(MeshNames.annotations.contains) + profiles
    remove(annotations + [MeshNames.statusAnnotation], fromMap: "annotations", in: &pod)
    for pointer in ScrapeAnnotation.allCases.map(\.key.pointer) {
      guard let restored = status.restore.first(where: { $0.pointer == pointer }) else { continue }
      set(pointer, to: restored.value, in: &pod)
    }
    // What was absent or null is so again, if nothing else has gone into it. The deepest first, so that a parent that
    // held nothing else goes too.
    let emptied =
      status.created.map { ($0, JSONValue?.none) }
      + status.restore.filter { $0.value == .null }.map { ($0.pointer, .some(.null)) }
    for (pointer, value) in emptied.sorted(by: { depth($0.0) > depth($1.0) }) where isEmpty(pointer, in: pod) {
      set(pointer, to: value, in: &pod)
    }
    return pod
  }

  private static func remove(_ names: [String], fromList key: String, in pod: inout JSONValue) {
    guard !names.isEmpty, let list = pod["spec"]?[key]?.array else { return }
    let names = Set(names)
    pod["spec"]?[key] = .array(list.filter { element in !(element["name"]?.string.map(names.contains) ?? false) })
  }

  private static func remove(_ names: [String], fromMap key: String, in pod: inout JSONValue) {
    guard var map = pod["metadata"]?[key]?.object else { return }
    for name in names { map[name] = nil }
    pod["metadata"]?[key] = .object(map)
  }

  private static func depth(_ pointer: String) -> Int { pointer.utf8.count { $0 == UInt8(ascii: "/") } }

  private static func isEmpty(_ pointer: String, in pod: JSONValue) -> Bool {
    guard let tokens = try? JSONPointer(pointer).tokens else { return false }
    let target = tokens.reduce(Optional(pod)) { (parent: JSONValue?, key: String) in parent?[key] }
    switch target {
    case .array(let elements)?: return elements.isEmpty
    case .object(let object)?: return object.isEmpty
    default: return false
    }
  }

  private static func set(_ pointer: String, to value: JSONValue?, in pod: inout JSONValue) {
    guard let tokens = try? JSONPointer(pointer).tokens else { return }
    set(tokens[...], to: value, in: &pod)
  }

  private static func set(_ tokens: ArraySlice<String>, to value: JSONValue?, in parent: inout JSONValue) {
    guard let first = tokens.first else { return }
    if tokens.count == 1 {
      parent[first] = value
    } else if var child = parent[first] {
      set(tokens.dropFirst(), to: value, in: &child)
      parent[first] = child
    }
  }
}

// MARK: - Probes

extension Uninjector {
  private static func restoreProbes(in pod: inout JSONValue) {
    let lists = ["containers", "initContainers"]
    let all = lists.flatMap { pod["spec"]?[$0]?.array ?? [] }
    let proxy = all.first { $0["name"] == .string(MeshNames.proxyContainer) }
    let variable = proxy?["env"]?.array?.first { $0["name"] == .string(AppProbes.variable) }
    guard let text = variable?["value"]?.string, let recorded = try? JSONValue(parsing: Array(text.utf8)) else {
      return
    }
    for list in lists {
      guard let containers = pod["spec"]?[list]?.array else { continue }
      pod["spec"]?[list] = .array(containers.map { restored($0, recorded) })
    }
  }

  private static func restored(_ container: JSONValue, _ recorded: JSONValue) -> JSONValue {
    var container = container
    guard let name = container["name"]?.string else { return container }
    for slot in AppProbes.Slot.allCases {
      let path = slot.path(container: name)
      let owner = slot.owner(in: container)
      guard let owner = owner?.object, owner["httpGet"]?["path"] == .string(path),
        let original = recorded[path]?.object,
        AppProbeHandler.kinds.contains(where: { original[$0]?.object != nil })
      else { continue }
      // The handler goes back to the place that the sidecar's has.
      let handlers = original.filter { AppProbeHandler.kinds.contains($0.key) }.map { ($0.key, $0.value) }
      let members = owner.flatMap { key, value in key == "httpGet" ? handlers : [(key, value)] }
      slot.setOwner(.object(JSONObject(members)), in: &container)
    }
    return container
  }
}

extension AppProbes.Slot {
  fileprivate func owner(in container: JSONValue) -> JSONValue? {
    isLifecycle ? container["lifecycle"]?[rawValue] : container[rawValue]
  }

  fileprivate func setOwner(_ owner: JSONValue, in container: inout JSONValue) {
    if isLifecycle {
      container["lifecycle"]?[rawValue] = owner
    } else {
      container[rawValue] = owner
    }
  }
}
