import KubernetesObjects
import XDSTranslation

/// What resources become, for a person.
struct MeshDump {
  let translator: Translator
  /// Resources that could not be read.
  var problems: [String] = []

  /// Objects by their keys in APISIX's dictionary, each with the resource that it stands for, and findings.
  var text: String {
    var objects = JSONObject()
    for object in translator.objects {
      var shown: JSONObject = ["for": .string(object.origin)]
      for (name, value) in object.value.object ?? [:] { shown[name] = value }
      objects[object.key.path] = .object(shown)
    }
    let document: JSONValue = ["objects": .object(objects), "findings": .array(translator.findings.map(\.json))]
    return String(decoding: document.serialized(indent: 2), as: UTF8.self) + "\n"
  }

  /// A line for each finding, and one for each of its places.
  var lines: String {
    translator.findings.map { finding in
      let treatment = finding.feature.row.treatment.rawValue
      let more = finding.count - finding.resources.count
      let places = finding.resources + (more > 0 ? ["and \(more) more"] : [])
      return "\(treatment) \(finding.feature.rawValue): \(finding.message)\n"
        + places.map { "  \($0)\n" }.joined()
    }
    .joined()
  }
}

extension Finding {
  fileprivate var json: JSONValue {
    [
      "feature": .string(feature.rawValue), "treatment": .string(feature.row.treatment.rawValue),
      "message": .string(message), "count": .number(JSONNumber(count)),
      "resources": .array(resources.map { .string($0) }),
    ]
  }
}
