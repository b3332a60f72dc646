import KubernetesAPI
import KubernetesObjects

/// A token that the twin has issued: it is worth what it is bound to.
struct TwinToken: Sendable {
  var serviceAccount: ObjectKey
  var uid: String
  var audiences: [String]
  /// Name and uid.
  var pod: (name: String, uid: String)?
}

extension InMemoryAPIServer.State {
  /// What the API server calls itself where nobody asks for an audience.
  private static let ownAudience = "https://kubernetes.default.svc"

  mutating func issueToken(_ key: ObjectKey, _ request: JSONValue) throws(APIError) -> JSONValue {
    let account = try objects.object(TwinState.Place(resource: .serviceAccounts, key: key))
    let spec = request["spec"]
    let asked = (spec?["audiences"]?.array ?? []).compactMap(\.string)
    var token = TwinToken(
      serviceAccount: key,
      uid: account["metadata"]?["uid"]?.string ?? "",
      audiences: asked.isEmpty ? [Self.ownAudience] : asked
    )
    if let bound = spec?["boundObjectRef"], let name = bound["name"]?.string {
      let pod = try objects.object(
        TwinState.Place(resource: .pods, key: ObjectKey(namespace: key.namespace, name: name))
      )
      let uid = pod["metadata"]?["uid"]?.string ?? ""
      guard bound["uid"]?.string == nil || bound["uid"]?.string == uid else {
        throw .twin(409, "Conflict", "the UID in the bound object reference does not match the UID in record")
      }
      token.pod = (name, uid)
    }
    let text = "twin.\(objects.number()).\(key)"
    tokens[text] = token
    var answer = request
    answer["status"] = ["token": .string(text), "expirationTimestamp": "2026-01-01T01:00:00Z"]
    return answer
  }

  /// The answer to what is a question and no object; nil for what is an object.
  func question(_ resource: KubernetesResource, _ object: JSONValue) -> JSONValue? {
    var answer = object
    switch resource {
    case .tokenReviews:
      answer["status"] = review(object["spec"] ?? .null)
    case .subjectAccessReviews, .selfSubjectAccessReviews:
      answer["status"] = ["allowed": .bool(isAllowed(object["spec"] ?? .null))]
    default: return nil
    }
    return answer
  }

  private func review(_ spec: JSONValue) -> JSONValue {
    let refused: JSONValue = ["authenticated": false, "user": .object([:]), "error": "invalid bearer token"]
    guard let text = spec["token"]?.string, let token = tokens[text] else { return refused }
    let asked = (spec["audiences"]?.array ?? []).compactMap(\.string)
    let audiences = (asked.isEmpty ? [Self.ownAudience] : asked).filter { token.audiences.contains($0) }
    let account = objects.objects[TwinState.Place(resource: .serviceAccounts, key: token.serviceAccount)]
    guard !audiences.isEmpty, account?["metadata"]?["uid"]?.string == token.uid else { return refused }
    let (namespace, name) = (token.serviceAccount.namespace ?? "", token.serviceAccount.name)
    var user: JSONValue = [
      "username": .string("system:serviceaccount:\(namespace):\(name)"),
      "uid": .string(token.uid),
      "groups": ["system:serviceaccounts", .string("system:serviceaccounts:\(namespace)"), "system:authenticated"],
    ]
    if let pod = token.pod {
      let key = ObjectKey(namespace: namespace, name: pod.name)
      let found = objects.objects[TwinState.Place(resource: .pods, key: key)]
      guard found?["metadata"]?["uid"]?.string == pod.uid else { return refused }
      user["extra"] = [
        "authentication.kubernetes.io/pod-name": [.string(pod.name)],
        "authentication.kubernetes.io/pod-uid": [.string(pod.uid)],
      ]
    }
    return ["authenticated": true, "user": user, "audiences": .array(audiences.map { .string($0) })]
  }
}
