import Injection
import KubernetesObjects

/// A golden case: what a webhook would know, and the Pod.
struct GoldenCase {
  var pod: JSONValue
  var context: InjectionContext
  var injector: Injector

  struct Malformed: Error {
    var what: String
  }

  static let keys: Set = ["description", "namespace", "kubernetes", "caller", "settings", "workload", "pod"]

  init(_ json: JSONValue) throws {
    for key in json.object?.keys ?? [] where !Self.keys.contains(key) { throw Malformed(what: "unknown key \(key)") }
    guard json["description"]?.string?.isEmpty == false else { throw Malformed(what: "description") }
    guard let pod = json["pod"] else { throw Malformed(what: "pod") }
    let preset = json["settings"]?.string ?? "default"
    guard let settings = GoldenSettings.named(preset) else { throw Malformed(what: "settings \(preset)") }
    guard let caller = WebhookSelector(rawValue: json["caller"]?.string ?? "") else { throw Malformed(what: "caller") }
    guard let name = json["namespace"]?["name"]?.string else { throw Malformed(what: "namespace") }
    self.pod = pod
    injector = Injector(settings: settings, version: "1.2.3", configurationHash: "c0ffee")
    context = InjectionContext(
      namespace: NamespaceMetadata(
        name: name,
        labels: Self.strings(json["namespace"]?["labels"]),
        annotations: Self.strings(json["namespace"]?["annotations"])
      ),
      caller: caller,
      cluster: ClusterCapabilities(minorVersion: json["kubernetes"]?.integer),
      workload: try json["workload"].map { workload throws(Malformed) in
        guard let kind = workload["kind"]?.string, let name = workload["name"]?.string else {
          throw Malformed(what: "workload")
        }
        return InjectionContext.Workload(kind: kind, name: name)
      }
    )
  }

  private static func strings(_ value: JSONValue?) -> [String: String]? {
    guard let object = value?.object else { return nil }
    return Dictionary(object.map { ($0.key, $0.value.string ?? "") }, uniquingKeysWith: { first, _ in first })
  }

  func inject(_ pod: JSONValue) throws -> InjectionOutcome {
    injector.inject(pod: try JSONDocument(parsing: pod.serialized()).root, context: context)
  }
}

extension InjectionOutcome {
  /// The Pod with the patch applied.
  func applied(to pod: JSONValue) throws -> JSONValue {
    guard let patch else { return pod }
    return try JSONPatch(JSONValue(parsing: patch)).apply(to: pod)
  }

  /// As a golden file has it.
  func golden(result: JSONValue) throws -> JSONValue {
    var json: JSONValue = [
      "verdict": .string(verdict.rawValue), "reason": .string(reason.rawValue), "message": .string(message),
      "warnings": .array(warnings.map(JSONValue.string)),
      "patch": try patch.map { patch throws in try JSONValue(parsing: patch) } ?? .null,
    ]
    if verdict == .injected { json["result"] = result }
    return json
  }
}
