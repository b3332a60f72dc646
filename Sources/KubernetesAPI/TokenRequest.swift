import KubernetesObjects

/// What a token is bound to: it ends with that object.
package struct BoundObject: Sendable, Hashable {
  package var apiVersion: String
  package var kind: String
  package var name: String
  package var uid: String

  package static func pod(_ name: String, uid: String) -> BoundObject {
    BoundObject(apiVersion: "v1", kind: "Pod", name: name, uid: uid)
  }
}

/// A ServiceAccount's token that was asked for.
package struct RequestedToken: Sendable, Hashable {
  package var token: String
  /// RFC 3339.
  package var expires: String
}

extension KubernetesClient {
  /// Asks for a token of a ServiceAccount.
  package func requestToken(
    for serviceAccount: ObjectKey,
    audiences: [String],
    lifetime: Duration = .seconds(3600),
    boundTo object: BoundObject? = nil
  ) async throws(APIError) -> RequestedToken {
    var spec: JSONValue = [
      "audiences": .array(audiences.map { .string($0) }),
      "expirationSeconds": .number(JSONNumber(Int(clamping: lifetime.components.seconds))),
    ]
    if let object {
      spec["boundObjectRef"] = [
        "apiVersion": .string(object.apiVersion), "kind": .string(object.kind), "name": .string(object.name),
        "uid": .string(object.uid),
      ]
    }
    let request: JSONValue = ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec]
    let subresource = Subresource(of: serviceAccount.name, "token")
    let answer = try await create(
      .serviceAccounts,
      request,
      namespace: serviceAccount.namespace,
      subresource: subresource
    )
    guard let token = answer.root["status"]?.string(of: "token"), !token.isEmpty else {
      throw .invalidAnswer("a TokenRequest without a token")
    }
    return RequestedToken(token: token, expires: answer.root["status"]?.string(of: "expirationTimestamp") ?? "")
  }
}
