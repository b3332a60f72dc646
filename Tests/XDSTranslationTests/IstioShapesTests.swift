import EnvoyConfig
import KubernetesObjects
import Testing

@testable import XDSTranslation

/// What istiod writes otherwise than one would expect.
@Suite struct `Shapes of Istio` {
  @Test func `a redirect to an empty path keeps the path`() throws {
    let action: JSONValue = ["scheme_redirect": "https"]
    var empty = action.object ?? [:]
    empty["path_redirect"] = ""
    let written = try objects(of: ["routes": [["match": ["prefix": "/"], "redirect": .object(empty)]]])
    #expect(try written == objects(of: ["routes": [["match": ["prefix": "/"], "redirect": action]]]))
  }

  @Test func `a redirect to an empty prefix keeps the path`() throws {
    let match: JSONValue = ["prefix": "/a"]
    let written = try objects(of: [
      "routes": [["match": match, "redirect": ["host_redirect": "b.example", "prefix_rewrite": ""]]]
    ])
    #expect(
      try written == objects(of: ["routes": [["match": match, "redirect": ["host_redirect": "b.example"]]]])
    )
  }

  @Test func `no origin and others are taken by APISIX`() throws {
    let policy: JSONValue = ["allow_origin_string_match": [["exact": "null"], ["exact": "https://a.example"]]]
    let objects = try objects(of: [
      "routes": [["match": ["prefix": "/"], "route": ["cluster": "c", "cors": policy]]]
    ])
    let schemas = try APISIXSchemas()
    #expect(objects.contains { $0.value["plugins"]?["cors"] != nil })
    #expect(objects.flatMap { schemas.problems($0) } == [])
  }

  @Test func `origins by expression may send credentials`() throws {
    let policy: JSONValue = [
      "allow_origin_string_match": [["safe_regex": ["regex": "https://.*"]]], "allow_credentials": true,
    ]
    let objects = try objects(of: [
      "routes": [["match": ["prefix": "/"], "route": ["cluster": "c", "cors": policy]]]
    ])
    let schemas = try APISIXSchemas()
    #expect(objects.contains { $0.value["plugins"]?["cors"]?["allow_credential"] == true })
    #expect(objects.flatMap { schemas.problems($0) } == [])
  }

  @Test(arguments: [(1, "least_conn"), (3, "roundrobin")])
  func `the heaviest endpoint does not take everything`(weight: Int, balancer: String) throws {
    let endpoints: [JSONValue] = [("10.0.0.1", weight), ("10.0.0.2", 1)].map { host, weight in
      [
        "endpoint": ["address": ["socket_address": ["address": .string(host), "port_value": 80]]],
        "load_balancing_weight": .number(JSONNumber(weight)),
      ]
    }
    let objects = try objects(of: [
      "clusters": [["name": "c", "type": "EDS", "connect_timeout": "1s", "lb_policy": "LEAST_REQUEST"]],
      "endpoints": [["cluster_name": "c", "endpoints": [["lb_endpoints": .array(endpoints)]]]],
    ])
    let upstreams = objects.filter { $0.key.kind == .upstreams }
    #expect(upstreams.map { $0.value["type"]?.string } == [balancer])
  }

  private func objects(of json: JSONValue) throws -> [APISIXObject] {
    Translator(try FeatureCase(json).changes).objects
  }
}
