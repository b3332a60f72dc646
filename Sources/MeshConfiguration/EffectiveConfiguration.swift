import Injection
package import KubernetesObjects

extension Configuration {
  /// Every setting with the value that is in force, as a file that can be read back.
  package var effective: JSONValue { document { $0.value(in: self) } }

  /// As ``effective``, for whoever can reach the process: what may be secret is not shown.
  package var redacted: JSONValue { document { Self.redacted($0.value(in: self), $0) } }

  private func document(_ value: (Setting) -> JSONValue) -> JSONValue {
    let head: [(String, JSONValue)] = [("apiVersion", .string(Self.apiVersion)), ("kind", .string(Self.kind))]
    guard case .object(let body) = Self.tree(Setting.all.map { ($0.path[...], value($0)) }) else {
      return .object(JSONObject(head))
    }
    return .object(JSONObject(head + body.map { ($0.0, $0.1) }))
  }

  /// Identifies what the mesh is: equal for equal meshes, across processes and machines. 16 hexadecimal digits.
  package var meshHash: String {
    let values = Setting.all.filter(\.isOfMesh).map { ($0.path[...], $0.value(in: self)) }
    // FNV-1a, 64 bits: this names a configuration, it does not protect it.
    let hash = Self.tree(values).serialized().reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
      (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Keys that differ in another configuration but take effect only at the next start.
  package func keysThatNeedRestart(comparedTo other: Configuration) -> [String] {
    Setting.all.filter { !$0.isLive && $0.value(in: self) != $0.value(in: other) }.map(\.key)
  }

  /// This one with all of another that takes effect without a restart.
  package func takingOver(_ new: Configuration) -> Configuration {
    var next = self
    next.mesh = new.mesh
    next.mesh.trustDomain = mesh.trustDomain
    next.mesh.revision = mesh.revision
    next.mesh.controlPlane.namespace = mesh.controlPlane.namespace
    return next
  }

  /// Nests values by their paths, in order of first appearance.
  private static func tree(_ values: [(path: ArraySlice<String>, value: JSONValue)]) -> JSONValue {
    var order: [String] = []
    var groups: [String: [(path: ArraySlice<String>, value: JSONValue)]] = [:]
    for (path, value) in values {
      guard let key = path.first else { return value }
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append((path.dropFirst(), value))
    }
    return .object(JSONObject(order.map { ($0, tree(groups[$0] ?? [])) }))
  }

  /// Patches may put secrets anywhere: into the environment, arguments, headers of probes.
  private static func redacted(_ value: JSONValue, _ setting: Setting) -> JSONValue {
    guard setting.path.last == "patches", case .object(let patches) = value else { return value }
    return .object(
      JSONObject(
        patches.map { name, patch in
          guard case .array(let operations) = patch["operations"] ?? .null else { return (name, patch) }
          return (
            name,
            [
              "container": patch["container"] ?? .null,
              "operations": .array(operations.map { redacted(operation: $0) }),
            ]
          )
        }
      )
    )
  }

  private static func redacted(operation: JSONValue) -> JSONValue {
    guard case .object(var object) = operation, object["value"] != nil else { return operation }
    object["value"] = "(redacted)"
    return .object(object)
  }
}
