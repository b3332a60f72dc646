import Injection
import KubernetesObjects

extension SettingType {
  /// A value that only a file can hold.
  static func structured(
    _ name: String,
    decode: @escaping @Sendable (SourcedValue, String, inout Findings) -> Value?,
    encode: @escaping @Sendable (Value) -> JSONValue
  ) -> SettingType {
    SettingType(
      name: name,
      isScalar: false,
      decode: { value, key, findings in value.isNull ? nil : decode(value, key, &findings) },
      encode: encode
    )
  }
}

extension SourcedValue {
  /// The members of a mapping, with a problem for every one that is not among the known names, if any are given.
  func members(key: String, known: [String] = [], _ findings: inout Findings) -> [Member] {
    switch content {
    case .map(let members):
      guard !known.isEmpty else { return members }
      return members.filter { member in
        guard !known.contains(member.key) else { return true }
        findings.reportUnknown(member, under: key, known: known)
        return false
      }
    case .scalar(.null):
      return []
    default:
      let cure = known.isEmpty ? "name: value" : known.joined(separator: ", ")
      findings.report(Refusal(value, isNot: "a mapping", use: cure).message, at: origin, key: key)
      return []
    }
  }
}

extension Findings {
  mutating func reportUnknown(_ member: SourcedValue.Member, under parent: String, known: [String]) {
    let message =
      if let suggestion = Suggestion.nearest(to: member.key, among: known) {
        "unknown key; did you mean \(suggestion)?"
      } else {
        "unknown key; known here: \(known.sorted().joined(separator: ", "))"
      }
    report(message, at: member.keyOrigin, key: parent.isEmpty ? member.key : "\(parent).\(member.key)")
  }
}

extension SettingType where Value == LabelSelector {
  static var labelSelector: SettingType {
    .structured(
      "label selector",
      decode: { value, key, findings in
        do {
          let selector = try LabelSelector(value.value)
          guard selector != LabelSelector() else {
            findings.report(
              "an empty selector matches every Pod; give matchLabels or matchExpressions",
              at: value.origin,
              key: key
            )
            return nil
          }
          return selector
        } catch {
          findings.report("\(error)", at: value.origin, key: key)
          return nil
        }
      },
      encode: \.value
    )
  }
}

extension SettingType where Value == [String: ContainerPatch] {
  static var containerPatches: SettingType {
    .structured(
      "mapping of name to {container: proxy or init, operations: RFC 6902}",
      decode: { value, key, findings in
        var patches: [String: ContainerPatch] = [:]
        for member in value.members(key: key, &findings) {
          let key = "\(key).\(member.key)"
          guard KubernetesName.isLabel(member.key) else {
            findings.report(
              Refusal(.string(member.key), isNot: "the name of a patch", use: "up to 63 of a-z, 0-9 and '-'").message,
              at: member.keyOrigin,
              key: key
            )
            continue
          }
          patches[member.key] = containerPatch(member.value, key, &findings)
        }
        return patches
      },
      encode: { patches in
        .object(
          JSONObject(
            patches.sorted { $0.key < $1.key }.map { name, patch in
              (name, ["container": .string(patch.target.rawValue), "operations": patch.patch.value])
            }
          )
        )
      }
    )
  }

  private static func containerPatch(
    _ value: SourcedValue,
    _ key: String,
    _ findings: inout Findings
  ) -> ContainerPatch? {
    var target: ContainerPatch.Target?
    var patch: JSONPatch?
    let before = findings.problems.count
    for member in value.members(key: key, known: ["container", "operations"], &findings) {
      let key = "\(key).\(member.key)"
      if member.key == "container" {
        target = SettingType<ContainerPatch.Target>.choice("a container").decode(member.value, key, &findings)
        continue
      }
      do {
        patch = try JSONPatch(member.value.value)
      } catch {
        findings.report("\(error)", at: member.value.origin, key: key)
      }
    }
    if findings.problems.count == before, target == nil || patch == nil {
      findings.report("a patch has container: proxy or init, and operations: [...]", at: value.origin, key: key)
    }
    guard let target, let patch else { return nil }
    return ContainerPatch(target: target, patch: patch)
  }
}

extension SettingType where Value == [String: NamespaceMetadata] {
  static var namespaces: SettingType {
    .structured(
      "mapping of name to {labels, annotations}",
      decode: { value, key, findings in
        var namespaces: [String: NamespaceMetadata] = [:]
        for member in value.members(key: key, &findings) {
          let key = "\(key).\(member.key)"
          guard KubernetesName.isLabel(member.key) else {
            findings.report(
              Refusal(.string(member.key), isNot: "a namespace", use: "up to 63 of a-z, 0-9 and '-'").message,
              at: member.keyOrigin,
              key: key
            )
            continue
          }
          var namespace = NamespaceMetadata(name: member.key)
          for part in member.value.members(key: key, known: ["labels", "annotations"], &findings) {
            // What is not given is not known, and labels that are not known switch nothing off.
            guard !part.value.isNull else { continue }
            let strings = strings(part.value, "\(key).\(part.key)", &findings)
            if part.key == "labels" { namespace.labels = strings } else { namespace.annotations = strings }
          }
          namespaces[member.key] = namespace
        }
        return namespaces
      },
      encode: { namespaces in
        .object(
          JSONObject(
            namespaces.sorted { $0.key < $1.key }.map { name, namespace in
              let parts = [("labels", namespace.labels), ("annotations", namespace.annotations)]
              return (name, .object(JSONObject(parts.compactMap { key, part in part.map { (key, json($0)) } })))
            }
          )
        )
      }
    )
  }

  private static func strings(_ value: SourcedValue, _ key: String, _ findings: inout Findings) -> [String: String] {
    var strings: [String: String] = [:]
    for member in value.members(key: key, &findings) {
      if let string = member.value.value.string {
        strings[member.key] = string
      } else {
        findings.report(
          Refusal(member.value.value, isNot: "a string", use: "quotes").message,
          at: member.value.origin,
          key: "\(key).\(member.key)"
        )
      }
    }
    return strings
  }

  private static func json(_ strings: [String: String]) -> JSONValue {
    .object(JSONObject(strings.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }
}
