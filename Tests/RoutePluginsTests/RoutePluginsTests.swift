import AmeshTesting
import KubernetesObjects
import PluginConfiguration
import RoutePlugins
import Testing

@Suite struct RoutePluginsTests {
  private static func part(_ name: String, _ plugins: [PluginEntry], _ targets: [PluginTarget] = []) -> PluginSet.Part {
    PluginSet.Part(key: .init(namespace: "shop", name: name), version: "1", targets: targets, plugins: plugins)
  }

  private static func route(
    _ listeners: [String],
    hosts: [String] = [],
    service: String? = nil,
    plugins: JSONObject = [:]
  ) -> JSONValue {
    var route: JSONValue = [
      "uri": "/*",
      "vars": [
        listeners.count == 1
          ? ["amesh_listener", "==", .string(listeners[0])]
          : ["amesh_listener", "in", .array(listeners.map { .string($0) })],
        ["uri", "~~", "^/a"],
      ],
    ]
    if !hosts.isEmpty { route["hosts"] = .array(hosts.map { .string($0) }) }
    if let service { route["service_id"] = .string(service) }
    if !plugins.isEmpty { route["plugins"] = .object(plugins) }
    return route
  }

  private func apply(_ changes: [RoutePlugins.Change], to objects: inout [String: JSONValue]) {
    for (path, value) in changes { objects[path] = value }
  }

  @Test func `targets choose routes by what the translation says of them`() {
    var plugins = RoutePlugins()
    var objects: [String: JSONValue] = [:]
    let names = ["reviews.shop.svc.cluster.local", "reviews"]
    apply(
      plugins.take([
        ("/services/s", ["hosts": .array(names.map { .string($0) })]),
        ("/routes/in", Self.route(["i:8080"])), ("/routes/out", Self.route(["o:80", "o:10.0.0.1:80"], hosts: ["a.b"])),
        ("/routes/reviews", Self.route(["o:9080"], service: "s")), ("/routes/any", Self.route(["o"])),
        ("/upstreams/u", ["nodes": []]),
      ]),
      to: &objects
    )
    let before = objects
    func having(_ targets: [PluginTarget]) -> Set<String> {
      apply(plugins.replace([Self.part("a", [PluginEntry("cors", [:])], targets)]), to: &objects)
      return Set(objects.keys.filter { objects[$0]?["plugins"]?["cors"] != nil })
    }
    #expect(having([]) == ["/routes/in", "/routes/out", "/routes/reviews", "/routes/any"])
    #expect(having([PluginTarget(direction: .inbound)]) == ["/routes/in"])
    #expect(having([PluginTarget(ports: [80, 8080])]) == ["/routes/in", "/routes/out"])
    #expect(having([PluginTarget(hosts: ["*.b"])]) == ["/routes/out"])
    #expect(having([PluginTarget(services: [.init(namespace: "shop", name: "reviews")])]) == ["/routes/reviews"])
    #expect(having([PluginTarget(services: [.init(namespace: "x", name: "reviews")])]) == [])
    #expect(objects == before)
    #expect(plugins.effects.map(\.routes) == [0])
  }

  @Test func `a service that gets another name changes its routes`() {
    var plugins = RoutePlugins()
    _ = plugins.replace([Self.part("a", [PluginEntry("cors", [:])], [PluginTarget(hosts: ["b.example"])])])
    _ = plugins.take([("/services/s", ["hosts": ["a.example"]]), ("/routes/r", Self.route(["o:80"], service: "s"))])
    let changes = plugins.take([("/services/s", ["hosts": ["b.example"]])])
    #expect(Set(changes.map(\.path)) == ["/services/s", "/routes/r"])
    #expect(changes.last?.value?["plugins"]?["cors"] != nil)
  }

  @Test func `what APISIX has not switched on is refused, on every route and by its reason`() {
    var plugins = RoutePlugins(available: ["cors", "ext-plugin-pre-req"])
    var objects: [String: JSONValue] = [:]
    apply(plugins.take([("/routes/a", Self.route(["o:80"])), ("/routes/b", Self.route(["i:80"]))]), to: &objects)
    let before = objects
    apply(
      plugins.replace([
        Self.part("known", [PluginEntry("cors", [:]), PluginEntry(.preRequest, "mine", "x")]),
        Self.part("unknown", [PluginEntry("opentelemetry", [:])]),
        Self.part("runner", [PluginEntry(.postRequest, "mine", "x")]),
      ]),
      to: &objects
    )
    #expect(objects["/routes/a"]?["plugins"]?.object?.keys.sorted() == ["cors", "ext-plugin-pre-req"])
    func refusal(_ plugin: String, _ name: String) -> String {
      "\(plugin) on 2 routes: \(name) is not among the plugins that the sidecar's APISIX has switched on"
    }
    #expect(
      plugins.refusals.reduce(into: [:]) { $0[$1.key.name] = $1.value } == [
        "unknown": refusal("opentelemetry", "opentelemetry"),
        "runner": refusal("mine (post-req)", "ext-plugin-post-req"),
      ]
    )
    apply(plugins.replace([]), to: &objects)
    #expect(objects == before)
  }

  /// A control plane of another version, or one that is not ours, may have let it pass.
  @Test func `what no config may do is on no route, whoever sends it`() {
    var plugins = RoutePlugins()
    let route = Self.route(["o:80"], plugins: ["proxy-rewrite": ["host": "a"], "amesh": ["port": 80]])
    var objects: [String: JSONValue] = [:]
    apply(plugins.take([("/routes/a", route)]), to: &objects)
    apply(
      plugins.replace([
        Self.part("own", [PluginEntry("amesh", ["port": 22]), PluginEntry("amesh-mtls", [:])]),
        Self.part("elsewhere", [PluginEntry("dubbo-proxy", [:])]),
        Self.part("header", [PluginEntry("proxy-rewrite", ["headers": ["X-Forwarded-Client-Cert": "x"]])]),
        Self.part("good", [PluginEntry("cors", [:])]),
      ]),
      to: &objects
    )
    #expect(
      objects["/routes/a"]?["plugins"] == ["proxy-rewrite": ["host": "a"], "amesh": ["port": 80], "cors": [:]]
    )
    #expect(plugins.refusals.keys.map(\.name).sorted() == ["elsewhere", "header", "own"])
    #expect(
      plugins.refusals[.init(namespace: "shop", name: "header")]
        == "proxy-rewrite on 1 route: config.headers.X-Forwarded-Client-Cert: "
        + "x-forwarded-client-cert is for the mesh to write: by it applications know who calls"
    )
    // What comes after has nothing of what was before.
    apply(plugins.replace([Self.part("own", [PluginEntry("cors", ["max_age": 1])])]), to: &objects)
    #expect(plugins.refusals == [:])
    apply(plugins.replace([]), to: &objects)
    #expect(objects == ["/routes/a": route])
  }

  @Test func `refusals are told by config, with how many routes`() {
    var plugins = RoutePlugins()
    _ = plugins.take([
      ("/routes/a", Self.route(["o:80"], plugins: ["cors": [:]])), ("/routes/b", Self.route(["o:80"])),
    ])
    _ = plugins.replace([Self.part("a", [PluginEntry("cors", ["x": 1])])])
    #expect(
      plugins.refusals == [
        .init(namespace: "shop", name: "a"): "cors on 1 route: the mesh uses cors there itself"
      ]
    )
    #expect(plugins.effects.map(\.routes) == [1])
  }

  /// Whatever came before, the objects are those that the translation's and the set would give from scratch; and nothing is
  /// told that did not change by a set.
  @Test(arguments: 0..<100) func `incrementally as from scratch`(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    func pick<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: elements.indices, using: &random)] }
    var plugins = RoutePlugins()
    var translated: [String: JSONValue] = [:]
    var objects: [String: JSONValue] = [:]
    var parts: [PluginSet.Part] = []
    for _ in 0..<60 {
      if Bool.random(using: &random) {
        let path = pick(["/routes/1", "/routes/2", "/routes/3", "/services/s", "/services/t", "/upstreams/u"])
        var value: JSONValue?
        if pick([true, true, false]) {
          switch path.prefix(3) {
          case "/ro":
            value = Self.route(
              pick([["i:80"], ["o:80"], ["o:80", "o:81"], ["o"]]),
              hosts: pick([[], [], ["a.example"]]),
              service: pick([nil, "s", "t"]),
              plugins: pick([[:], ["cors": [:]], ["response-rewrite": ["headers": ["set": ["A": "1"]]]]])
            )
          case "/se": value = ["hosts": pick([["a.example"], ["b.example", "c.example"]])]
          default: value = ["nodes": .number(JSONNumber(pick([1, 2])))]
          }
        }
        translated[path] = value
        apply(plugins.take([(path, value)]), to: &objects)
      } else {
        parts = (0..<Int.random(in: 0...3, using: &random)).map { number in
          Self.part(
            "p\(number)",
            [
              PluginEntry(
                pick(["cors", "response-rewrite", "limit-req"]),
                pick([["body": "x"], ["headers": ["B": "1"]]])
              ),
              PluginEntry(.preRequest, "say", .string(pick(["1", "2"]))),
            ],
            pick([
              [], [PluginTarget(direction: .inbound)], [PluginTarget(hosts: ["a.example"])],
              [PluginTarget(ports: [81])],
            ])
          )
        }
        let changes = plugins.replace(parts)
        for (path, value) in changes { #expect(objects[path] != value) }
        apply(changes, to: &objects)
      }
      var fresh = RoutePlugins()
      var expected: [String: JSONValue] = [:]
      apply(fresh.take(translated.map { ($0.key, $0.value) }), to: &expected)
      apply(fresh.replace(parts), to: &expected)
      #expect(objects == expected)
      #expect(Set(fresh.effects) == Set(plugins.effects))
      apply(fresh.replace([]), to: &expected)
      #expect(expected == translated)
    }
  }
}
