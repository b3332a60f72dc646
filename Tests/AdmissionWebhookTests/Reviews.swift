import KubernetesObjects

/// Admission reviews as the API server sends them.
enum Reviews {
  static let uid = "705ab4f5-6393-11e8-b7cc-42010a800002"

  static let pod: JSONValue = [
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": [
      "generateName": "web-7d4b9c-",
      "labels": ["app": "web"],
      "creationTimestamp": nil,
    ],
    "spec": ["containers": [["name": "web", "image": "nginx:1.27", "ports": [["containerPort": 8080]]]]],
    "status": [:],
  ]

  /// A review of a Pod's creation; `change` makes it what a test needs.
  static func review(
    version: AdmissionReview.Version = .v1,
    object: JSONValue? = pod,
    change: (inout JSONObject) -> Void = { _ in }
  ) -> JSONValue {
    var request: JSONObject = [
      "uid": .string(uid),
      "kind": ["group": "", "version": "v1", "kind": "Pod"],
      "resource": ["group": "", "version": "v1", "resource": "pods"],
      "requestKind": ["group": "", "version": "v1", "kind": "Pod"],
      "requestResource": ["group": "", "version": "v1", "resource": "pods"],
      "name": "",
      "namespace": "shop",
      "operation": "CREATE",
      "userInfo": ["username": "system:serviceaccount:kube-system:replicaset-controller"],
      "oldObject": nil,
      "dryRun": false,
      "options": ["kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"],
    ]
    request["object"] = object
    change(&request)
    return [
      "kind": "AdmissionReview",
      "apiVersion": .string(version.rawValue),
      "request": .object(request),
    ]
  }

  /// The body of a valid review.
  static let body = review().serialized()

  /// An HTTP/1.1 request that carries `body`.
  static func post(
    _ body: [UInt8],
    path: String = "/inject?timeout=10s",
    contentType: String? = "application/json",
    headers: [String] = []
  ) -> [UInt8] {
    var lines = ["POST \(path) HTTP/1.1", "Host: localhost", "Content-Length: \(body.count)"]
    if let contentType { lines.append("Content-Type: \(contentType)") }
    return Array((lines + headers).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8) + body
  }
}
