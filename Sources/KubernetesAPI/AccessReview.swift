import KubernetesObjects

/// What someone wants to do.
package struct AccessRequest: Sendable, Hashable {
  package var verb: String
  package var resource: KubernetesResource
  package var subresource: String?
  package var namespace: String?
  package var name: String?

  package init(
    _ verb: String,
    _ resource: KubernetesResource,
    subresource: String? = nil,
    namespace: String? = nil,
    name: String? = nil
  ) {
    self.verb = verb
    self.resource = resource
    self.subresource = subresource
    self.namespace = namespace
    self.name = name
  }

  fileprivate var attributes: JSONValue {
    var attributes: JSONValue = [
      "verb": .string(verb), "group": .string(resource.group), "version": .string(resource.version),
      "resource": .string(resource.plural),
    ]
    attributes["subresource"] = subresource.map { .string($0) }
    attributes["namespace"] = namespace.map { .string($0) }
    attributes["name"] = name.map { .string($0) }
    return attributes
  }
}

extension KubernetesClient {
  /// Whether we may.
  package func isAllowed(_ request: AccessRequest) async throws(APIError) -> Bool {
    try await ask(.selfSubjectAccessReviews, ["resourceAttributes": request.attributes])
  }

  /// Whether that user may.
  package func isAllowed(
    _ request: AccessRequest,
    user: String,
    groups: [String] = []
  ) async throws(APIError) -> Bool {
    try await ask(
      .subjectAccessReviews,
      [
        "resourceAttributes": request.attributes, "user": .string(user),
        "groups": .array(groups.map { .string($0) }),
      ]
    )
  }

  private func ask(_ resource: KubernetesResource, _ spec: JSONValue) async throws(APIError) -> Bool {
    let review: JSONValue = [
      "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind), "spec": spec,
    ]
    let answer = try await create(resource, review, namespace: nil, subresource: nil)
    return answer.root["status"]?.bool(of: "allowed") ?? false
  }
}
