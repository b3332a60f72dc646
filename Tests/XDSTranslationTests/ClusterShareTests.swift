import EnvoyConfig
import KubernetesObjects
import Testing

@testable import XDSTranslation

/// Weighted clusters that have routes of their own.
@Suite struct `Shares of weighted clusters` {
  /// The share of all requests that each cluster's route takes, drawn evenly.
  private func shares(_ weights: [UInt32], draws: Int = 1 << 12) throws -> [String: Int] {
    let clusters: [JSONValue] = weights.indices.map {
      ["name": .string("c\($0)"), "type": "EDS", "connect_timeout": "1s"]
    }
    let weighted: [JSONValue] = zip(weights, weights.indices).map { weight, index in
      [
        "name": .string("c\(index)"), "weight": .number(JSONNumber(Int(weight))),
        "request_headers_to_add": [["header": ["key": "x", "value": .string("\(index)")]]],
      ]
    }
    let action: JSONValue = ["weighted_clusters": ["clusters": .array(weighted)]]
    let translator = Translator(
      try FeatureCase(["clusters": .array(clusters), "routes": [["match": ["prefix": "/"], "route": action]]]).changes
    )
    #expect(translator.findings.isEmpty)
    let routes = translator.objects.filter { $0.key.kind == .routes }.map(\.value)
      .sorted { $0["priority"]?.integer ?? 0 > $1["priority"]?.integer ?? 0 }
    var found: [String: Int] = [:]
    for draw in 0..<draws {
      let digits = String(draw * (1 << 20) / draws + 1 << 20, radix: 16).suffix(5)
      let id = String(repeating: "f", count: 15) + digits + String(repeating: "0", count: 12)
      let taken = routes.first { route in
        (route["vars"]?.array ?? []).filter { $0[0] == "request_id" }
          .allSatisfy { APISIXReference.holds([$0], ["request_id": id]) }
      }
      let header = taken?["plugins"]?["proxy-rewrite"]?["headers"]?["add"]?["x"]?.string
      found["c" + (header ?? "?"), default: 0] += 1
    }
    return found
  }

  @Test func `are as large as their weights`() throws {
    #expect(try shares([1, 1]) == ["c0": 2048, "c1": 2048])
    #expect(try shares([1, 2, 5]) == ["c0": 512, "c1": 1024, "c2": 2560])
    #expect(try shares([0, 3, 0, 1]) == ["c1": 3072, "c3": 1024])
    #expect(try shares([90, 10], draws: 1000) == ["c0": 900, "c1": 100])
  }

  @Test func `that are next to nothing take nothing, and leave the rest whole`() throws {
    #expect(try shares([1, 4_000_000_000]) == ["c1": 4096])
    #expect(try shares([4_000_000_000, 1]) == ["c0": 4096])
    #expect(try shares([7]) == ["c0": 4096])
  }

  @Test(arguments: [false, true])
  func `are spoken for by their route, also where the most specific is to win`(mostSpecificWins: Bool) throws {
    let set = { (value: String) -> JSONValue in
      [["header": ["key": "x", "value": .string(value)], "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"]]
    }
    let weighted: [JSONValue] = [["name": "c", "weight": 1, "request_headers_to_add": set("cluster")]]
    let route: JSONValue = [
      "match": ["prefix": "/"], "request_headers_to_add": set("route"),
      "route": ["weighted_clusters": ["clusters": .array(weighted)]],
    ]
    let translator = Translator(
      try FeatureCase([
        "configuration": [
          "most_specific_header_mutations_wins": .bool(mostSpecificWins),
          "virtual_hosts": [["name": "shop", "domains": ["shop"], "routes": [route]]],
        ]
      ]).changes
    )
    let header = translator.objects.first { $0.key.kind == .routes }?.value["plugins"]?["proxy-rewrite"]?["headers"]
    #expect(header?["set"]?["x"]?.string == "route")
  }

  @Test func `have the settings of their cluster alone`() throws {
    let weighted: [JSONValue] = [
      [
        "name": "c", "weight": 1, "host_rewrite_literal": "one.example",
        "response_headers_to_remove": ["server"],
        "typed_per_filter_config": [
          "envoy.filters.http.fault": [
            "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
            "abort": ["http_status": 418, "percentage": ["numerator": 100]],
          ]
        ],
      ],
      ["name": "d", "weight": 1],
    ]
    let routes = Translator(
      try FeatureCase([
        "routes": [["match": ["prefix": "/"], "route": ["weighted_clusters": ["clusters": .array(weighted)]]]]
      ]).changes
    ).objects.filter { $0.key.kind == .routes }.map(\.value)
    let first = routes.first { $0["priority"]?.integer == 1 }?["plugins"]
    #expect(first?["proxy-rewrite"]?["host"] == "one.example")
    #expect(first?["response-rewrite"]?["headers"]?["remove"] == ["server"])
    #expect(first?["fault-injection"]?["abort"]?["http_status"]?.integer == 418)
    // The cluster is not there: answered by the sidecar.
    let second = routes.first { $0["priority"] == nil }?["plugins"]
    #expect(second?.object?.count == 1)
    #expect(second?["fault-injection"]?["abort"]?["http_status"]?.integer == 503)
  }
}
