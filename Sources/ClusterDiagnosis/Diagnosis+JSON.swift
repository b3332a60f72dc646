package import KubernetesObjects

extension Diagnosis {
  /// For programs.
  package var json: JSONValue {
    [
      "result": .string(worst.rawValue),
      "ok": .number(JSONNumber(count(.ok))),
      "warnings": .number(JSONNumber(count(.warning))),
      "failures": .number(JSONNumber(count(.failure))),
      "findings": .array(
        findings.map { finding in
          var object: JSONValue = [
            "section": .string(finding.section.rawValue), "level": .string(finding.level.rawValue),
            "text": .string(finding.text),
          ]
          object["cure"] = finding.cure.map { .string($0) }
          return object
        }
      ),
    ]
  }
}
