import KubernetesObjects
import NIOHTTP1

/// One request to the API server.
struct Call: Sendable {
  var method: HTTPMethod
  var path: String
  var query: [(String, String)] = []
  var body: [UInt8]?
  var contentType = "application/json"
  var priority = RequestPriority.normal

  init(
    _ verb: Verb,
    _ resource: KubernetesResource,
    namespace: String?,
    name: String? = nil,
    subresource: String? = nil
  ) throws(APIError) {
    method =
      switch verb {
      case .get, .list, .watch: .GET
      case .create: .POST
      case .update: .PUT
      case .patch: .PATCH
      case .delete: .DELETE
      }
    path = try RequestTarget.path(resource, namespace: namespace, name: name, subresource: subresource)
    priority = .of(verb, resource)
  }

  /// A path outside of the kinds.
  init(reading path: String) throws(APIError) {
    guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      throw .request("\"\(path)\" is no path of an API server")
    }
    method = .GET
    self.path = path
  }

  mutating func select(_ selection: ObjectSelection) {
    if let labels = selection.labels { query.append(("labelSelector", labels)) }
    if let fields = selection.fields { query.append(("fieldSelector", fields)) }
  }
}
