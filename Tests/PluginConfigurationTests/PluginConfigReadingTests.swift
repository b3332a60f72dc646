import KubernetesObjects
import PluginConfiguration
import Testing

@Suite struct PluginConfigReadingTests {
  private func read(_ spec: JSONValue) -> PluginConfigReading {
    PluginConfigReading(["metadata": ["name": "a", "namespace": "shop", "uid": "u", "generation": 3], "spec": spec])
  }

  @Test func `the first Amesh's objects are read as they are`() throws {
    let reading = read([
      "plugins": [
        ["name": "response-rewrite", "type": "", "config": #"{"headers": {"X-Header": "1"}}"#],
        ["name": "say", "type": "pre-req", "config": "anything"],
        ["name": "log", "type": "post-req", "config": ["a": 1]],
      ],
      "selector": ["matchLabels": ["app": "web"]],
    ])
    #expect(reading.problems == [])
    let config = try #require(reading.config)
    #expect(config.key == PluginConfigKey(namespace: "shop", name: "a"))
    #expect(config.version == "u/3")
    #expect(
      config.plugins == [
        PluginEntry("response-rewrite", ["headers": ["X-Header": "1"]]),
        PluginEntry(.preRequest, "say", "anything"), PluginEntry(.postRequest, "log", #"{"a":1}"#),
      ]
    )
    #expect(config.plugins.map(\.text) == [#"{"headers":{"X-Header":"1"}}"#, "anything", #"{"a":1}"#])
    #expect(config.selects(["app": "web", "b": "c"]))
    #expect(!config.selects(["app": "api"]))
  }

  @Test(
    arguments: [
      ([:], ["spec.plugins: names no plugin; a config without one does nothing"]),
      (["plugins": [:]], ["spec.plugins: has to be a list, not an object"]),
      (["plugins": ["a"]], ["spec.plugins[0]: has to be an object, not a string"]),
      (
        ["plugins": [["config": [:]]]],
        ["spec.plugins[0].name: has to be the plugin's name, such as response-rewrite"]
      ),
      (
        ["plugins": [["name": "a", "type": "pre"]]],
        [
          "spec.plugins[0].type: has to be \"\" for a plugin of APISIX, or pre-req or post-req for the runner's, not \"pre\""
        ]
      ),
      (
        ["plugins": [["name": "a", "config": "{"]]],
        ["spec.plugins[0].config: is no JSON: the text ends in the middle of a value at byte 1"]
      ),
      (
        ["plugins": [["name": "a", "config": ""]]],
        ["spec.plugins[0].config: is empty; write {} for a plugin without settings"]
      ),
      (
        ["plugins": [["name": "a", "config": "[]"]]],
        ["spec.plugins[0].config: has to be a JSON object, not an array"]
      ),
      (
        ["plugins": [["name": "a", "config": 1]]],
        ["spec.plugins[0].config: has to be an object, or a string that holds one in JSON, not a number"]
      ),
      (
        ["plugins": [["name": "a"], ["name": "a", "config": ["b": 1]]]],
        ["spec.plugins: has a twice; a route has each plugin once"]
      ),
      (
        ["plugins": [["name": "a"]], "selectors": [:]],
        ["spec.selectors: is no field of a spec; it has plugins, selector, targets and priority"]
      ),
      (
        ["plugins": [["name": "a"]], "selector": ["matchLabels": ["a": 1]]],
        ["spec.selector: matchLabels \"a\" has to be a string, not a number"]
      ),
      (
        ["plugins": [["name": "a"]], "priority": "1"],
        ["spec.priority: has to be a whole number from -1000000 to 1000000"]
      ),
      (
        ["plugins": [["name": "a"]], "targets": [[:]]],
        [
          "spec.targets[0]: names nothing; say services, hosts, ports or direction, or leave targets out for every route"
        ]
      ),
      (
        [
          "plugins": [["name": "a"]],
          "targets": [["hosts": ["a b", "*.ok.example"], "ports": [0, 80], "direction": "in"], ["service": []]],
        ],
        [
          "spec.targets[0].hosts[0]: has to be a host such as shop.example.com or *.example.com, without a port",
          "spec.targets[0].ports[0]: has to be a port from 1 to 65535",
          "spec.targets[0].direction: has to be inbound or outbound",
          "spec.targets[1]: has no field \"service\"; it has services, hosts, ports, direction",
        ]
      ),
      (
        ["plugins": [["name": "a"]], "targets": [["services": [["name": "b"]], "direction": "inbound"]]],
        [
          "spec.targets[0]: services are those that a Pod calls: leave direction out, or choose the called Pods by the selector"
        ]
      ),
    ] as [(JSONValue, [String])]
  )
  func `what is wrong is told with its place`(_ spec: JSONValue, _ problems: [String]) {
    let reading = read(spec)
    #expect(reading.config == nil)
    for problem in problems { #expect(reading.problems.map(\.description).contains(problem), "\(reading.problems)") }
  }

  @Test func `what is null counts as absent`() {
    let reading = read([
      "plugins": [["name": "a", "type": nil, "config": nil]], "selector": nil, "targets": nil, "priority": nil,
    ])
    #expect(reading.problems == [])
    #expect(reading.config?.plugins == [PluginEntry("a", [:])])
    #expect(reading.config?.selects(["any": "thing"]) == true)
  }

  @Test func `sizes have limits`() {
    let long = String(repeating: "a", count: PluginConfigLimits.configBytes)
    #expect(read(["plugins": [["name": "a", "type": "pre-req", "config": .string(long)]]]).problems == [])
    #expect(read(["plugins": [["name": "a", "type": "pre-req", "config": .string(long + "a")]]]).problems.count == 1)
    let many = (0...PluginConfigLimits.plugins).map { ["name": .string("p\($0)")] as JSONValue }
    #expect(read(["plugins": .array(Array(many.dropLast()))]).problems == [])
    #expect(read(["plugins": .array(many)]).config == nil)
    #expect(read(["plugins": [["name": .string(String(repeating: "a", count: 257))]]]).config == nil)
  }

  @Test func `a namespace is that of a service without one`() {
    let reading = read([
      "plugins": [["name": "a"]],
      "targets": [["services": [["name": "b"], ["name": "c", "namespace": "other"]]]],
    ])
    #expect(
      reading.config?.targets == [
        PluginTarget(services: [.init(namespace: "shop", name: "b"), .init(namespace: "other", name: "c")])
      ]
    )
  }
}
