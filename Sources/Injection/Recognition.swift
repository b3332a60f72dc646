import KubernetesObjects

/// Whether a part of a Pod is what we would build now: equal but for what the API server fills in or its in-tree
/// admission changes. This, not a name or an annotation, is how our own work is recognised.
struct Recognition {
  /// Whether a container may have another image. Webhooks that send images to a mirror change ours too; to undo that
  /// would leave the Pod without an image that its cluster can pull.
  var allowsOtherImage = false

  func matches(_ existing: JSONView, _ desired: [UInt8]) -> Bool {
    guard let desired = try? JSONDocument(parsing: desired) else { return false }
    return matches(existing, desired.root, key: "")
  }

  private func matches(_ existing: JSONView, _ desired: JSONView, key: String) -> Bool {
    switch (existing.kind, desired.kind) {
    case (.object, .object):
      for (name, value) in desired.members {
        guard let name = name.string else { return false }
        guard let found = existing[name] else {
          // The API server does not keep an empty text.
          if value.equals("") { continue }
          return false
        }
        guard matches(found, value, key: name) else { return false }
      }
      for (name, value) in existing.members {
        guard let name = name.string else { return false }
        if desired[name] == nil, !Self.isFilledIn(name, value, in: key) { return false }
      }
      return true
    case (.array, .array):
      guard existing.count == desired.count else { return false }
      return zip(existing.elements, desired.elements).allSatisfy { matches($0, $1, key: key) }
    case (.string, .string):
      if let text = desired.string, existing.equals(text) { return true }
      // AlwaysPullImages, an admission plugin of the API server.
      if key == "imagePullPolicy" { return existing.equals("Always") }
      if key == "image" { return allowsOtherImage && !existing.equals("") }
      guard Self.resourceNames.contains(key), let left = existing.string, let right = desired.string else {
        return false
      }
      return Quantity(left) == Quantity(right)
    default:
      return existing.semanticallyEquals(desired)
    }
  }

  private static let probes: Set<String> = ["livenessProbe", "readinessProbe", "startupProbe"]
  private static let resourceNames: Set<String> = ["cpu", "memory", "ephemeral-storage", "divisor"]

  /// Members that the API server adds to what we wrote, with the value that it gives them. Sources: SetDefaults_* in
  /// Kubernetes' pkg/apis/core/v1/defaults.go, and LimitRanger for the resources.
  private static func isFilledIn(_ name: String, _ value: JSONView, in parent: String) -> Bool {
    switch name {
    case _ where value.isNull: true
    case "resources": value.kind == .object && value.members.allSatisfy { isLimitRange($0.key, $0.value) }
    case "requests", "limits": parent == "resources" && isAmounts(value)
    case _ where parent == "requests" || parent == "limits": isAmount(value)
    case "terminationMessagePath": value.equals("/dev/termination-log")
    case "protocol": value.equals("TCP")
    case "apiVersion": value.equals("v1")
    case "procMount": value.equals("Default")
    case "scheme": value.equals("HTTP")
    case "medium", "service": value.equals("")
    case "divisor": value.equals("0")
    case "defaultMode": value.integer == 420
    case "timeoutSeconds", "successThreshold": probes.contains(parent) && value.integer == 1
    case "periodSeconds": probes.contains(parent) && value.integer == 10
    case "failureThreshold": probes.contains(parent) && value.integer == 3
    case "readOnly", "optional", "stdin", "tty": value.bool == false
    case "resizePolicy":
      value.elements.allSatisfy {
        $0.has("restartPolicy", "NotRequired") && $0["resourceName"]?.kind == .string
      }
    default: false
    }
  }

  private static func isLimitRange(_ key: JSONView, _ value: JSONView) -> Bool {
    (key.equals("requests") || key.equals("limits")) && isAmounts(value)
  }

  private static func isAmounts(_ value: JSONView) -> Bool {
    value.kind == .object && value.members.allSatisfy { isAmount($0.value) }
  }

  private static func isAmount(_ value: JSONView) -> Bool { value.string.flatMap(Quantity.init) != nil }
}
