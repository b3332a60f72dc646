import KubernetesObjects

/// A Pod as an API server sends it, in a shape whose cost is of interest.
struct Workload {
  var name: String
  var pod: JSONValue

  /// The Pod as it is, with many containers, and with one container that has many environment variables.
  static func all(from plain: JSONValue) -> [Workload] {
    [
      Workload(name: "plain", pod: plain),
      Workload(name: "containers-15", pod: containers(15, plain)),
      Workload(name: "variables-2000", pod: variables(2000, plain)),
    ]
  }

  private static func containers(_ count: Int, _ plain: JSONValue) -> JSONValue {
    var pod = plain
    guard let first = plain["spec"]?["containers"]?[0] else { return plain }
    let copies = (0..<count).map { number in
      var container = first
      container["name"] = "checkout-\(number)"
      container["ports"] = [["name": "http", "containerPort": .number(JSONNumber(8080 + number)), "protocol": "TCP"]]
      return container
    }
    pod["spec"]?["containers"] = .array(copies)
    return pod
  }

  private static func variables(_ count: Int, _ plain: JSONValue) -> JSONValue {
    var pod = plain
    let variables = (0..<count).map { number -> JSONValue in
      ["name": "FEATURE_\(number)_ENDPOINT", "value": "https://feature-\(number).shop.svc.cluster.local:8443/v1"]
    }
    pod["spec"]?["containers"]?[0]?["env"] = .array(variables)
    return pod
  }

  /// The AdmissionReview that carries the Pod to the webhook.
  var review: JSONValue {
    [
      "kind": "AdmissionReview",
      "apiVersion": "admission.k8s.io/v1",
      "request": [
        "uid": "8f1c7a0e-52f9-4f0b-8a52-0a3be2c6a1d4",
        "kind": ["group": "", "version": "v1", "kind": "Pod"],
        "resource": ["group": "", "version": "v1", "resource": "pods"],
        "requestKind": ["group": "", "version": "v1", "kind": "Pod"],
        "requestResource": ["group": "", "version": "v1", "resource": "pods"],
        "namespace": "shop",
        "operation": "CREATE",
        "userInfo": [
          "username": "system:serviceaccount:kube-system:replicaset-controller",
          "uid": "5c0f2b8e-71a3-4f0d-9f0c-1f6a5b1de002",
          "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
        ],
        "object": pod,
        "oldObject": nil,
        "dryRun": false,
        "options": ["kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"],
      ],
    ]
  }
}
