import KubernetesObjects

/// Where an object of Kubernetes holds the Pod, or the template of the Pods, that it stands for.
struct PodLocation: Equatable {
  /// Keys from the object to the Pod; empty for a Pod itself.
  var path: [String]

  /// Known kinds by name, any other by its shape, which workloads of operators share with Deployment and CronJob.
  init?(in object: JSONValue) {
    // Knative's templates admit a subset of a Pod only; the Pods that it makes of them are injected by the webhook.
    if object["apiVersion"]?.string?.hasPrefix("serving.knative.dev/") == true { return nil }
    // A Pod is one whatever it lacks: the webhook would not pass it over either.
    if object["kind"] == "Pod", object["apiVersion"] == "v1" {
      path = []
      return
    }
    let candidates: [[String]] =
      switch object["kind"]?.string {
      case "Pod": [[]]
      case "PodTemplate": [["template"]]
      default: [["spec", "template"], ["spec", "jobTemplate", "spec", "template"]]
      }
    let found = candidates.first { path in
      path.reduce(Optional(object)) { (parent: JSONValue?, key) in parent?[key] }?["spec"]?["containers"]?.array != nil
    }
    guard let found else { return nil }
    path = found
  }

  func pod(in object: JSONValue) -> JSONValue? {
    path.reduce(Optional(object)) { (parent: JSONValue?, key) in parent?[key] }
  }

  func replacing(_ pod: JSONValue, in object: JSONValue) -> JSONValue {
    Self.replace(path[...], pod, in: object)
  }

  private static func replace(_ path: ArraySlice<String>, _ pod: JSONValue, in object: JSONValue) -> JSONValue {
    guard let key = path.first, let child = object[key] else { return path.isEmpty ? pod : object }
    var object = object
    object[key] = replace(path.dropFirst(), pod, in: child)
    return object
  }
}
