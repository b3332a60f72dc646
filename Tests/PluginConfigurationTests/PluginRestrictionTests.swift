import KubernetesObjects
import PluginConfiguration
import Testing

/// What would break mutual TLS, identities or the secrecy of the Pod's key, and what looks alike and does not.
@Suite struct PluginRestrictionTests {
  private func object(_ plugin: String, _ config: JSONValue) -> JSONValue {
    [
      "kind": "AmeshPluginConfig", "metadata": ["name": "a", "namespace": "shop"],
      "spec": ["plugins": [["name": "gzip"], ["name": .string(plugin), "config": config]]],
    ]
  }

  static let refused: [(String, JSONValue, String)] = [
    ("amesh", ["upstream": "original-destination"], "name: amesh is the mesh's own"),
    ("amesh-mtls", [:], "name: amesh-mtls is the mesh's own"),
    ("amesh-upstream", ["_meta": ["disable": true]], "name: amesh-upstream is the mesh's own"),
    ("amesh-of-tomorrow", [:], "name: amesh-of-tomorrow is the mesh's own"),
    (
      "serverless-pre-function", ["functions": ["return function() end"]],
      "name: serverless-pre-function runs what its config says, beside the Pod's key"
    ),
    (
      "serverless-post-function", ["functions": [""]],
      "name: serverless-post-function runs what its config says, beside the Pod's key"
    ),
    ("body-transformer", ["request": ["template": "{{1}}"]], "name: body-transformer runs what"),
    ("mcp-bridge", ["command": "sh"], "name: mcp-bridge runs what"),
    ("http-dubbo", ["method": "a"], "name: http-dubbo sends requests past the mesh's mutual TLS"),
    ("ext-plugin-post-resp", [:], "name: ext-plugin-post-resp sends requests past"),
    ("cors", ["_meta": ["pre_function": "return 1"]], "config._meta.pre_function: would run as code"),
    (
      "multi-auth", ["auth_plugins": [["key-auth": ["_meta": ["pre_function": ""]]]]],
      "config.auth_plugins[0].key-auth._meta.pre_function: would run as code, beside the Pod's key"
    ),
    (
      "traffic-split",
      ["rules": [["weighted_upstreams": [["weight": 1], ["upstream": ["nodes": ["192.0.2.1:80": 1]]]]]]],
      "config.rules[0].weighted_upstreams[1].upstream: would be sent to past the mesh's mutual TLS"
    ),
    (
      "proxy-rewrite", ["headers": ["X-Forwarded-Client-Cert": "URI=spiffe://cluster.local/ns/shop/sa/admin"]],
      "config.headers.X-Forwarded-Client-Cert: x-forwarded-client-cert is for the mesh to write"
    ),
    (
      "proxy-rewrite", ["headers": ["set": ["x-AMESH-port ": "22"]]],
      "config.headers.set.x-AMESH-port : x-amesh-port is for the mesh to write"
    ),
    (
      "proxy-rewrite", ["headers": ["add": ["X_Forwarded_Client_Cert": "a"]]],
      "config.headers.add.X_Forwarded_Client_Cert: x-forwarded-client-cert is"
    ),
    ("proxy-rewrite", ["headers": ["remove": ["a", "x-amesh-port"]]], "config.headers.remove[1]: x-amesh-port is"),
    ("request-id", ["header_name": "x-forwarded-client-cert"], "config.header_name: x-forwarded-client-cert is"),
    ("jwe-decrypt", ["header": "a", "forward_header": "X-Forwarded-Client-Cert"], "config.forward_header: x-forw"),
    (
      "forward-auth", ["uri": "http://a", "upstream_headers": ["X-Forwarded-Client-Cert"]],
      "config.upstream_headers[0]: x-forwarded-client-cert is"
    ),
    ("a-plugin-of-mine", ["lines": ["x-amesh-port : 22"]], "config.lines[0]: x-amesh-port is"),
  ]

  @Test(arguments: refused)
  func `what the mesh vouches for is not for configs`(_ plugin: String, _ config: JSONValue, _ problem: String) {
    let result = PluginConfigCheck().check(object(plugin, config))
    #expect(result.config == nil)
    #expect(result.problems.count == 1)
    #expect(result.problems.first?.description.hasPrefix("spec.plugins[1].\(problem)") ?? false, "\(result.problems)")
    let allowed = PluginConfigCheck(codePlugins: .allow).check(object(plugin, config))
    let refusal = PluginRestriction.refusal(of: PluginEntry(plugin, config))
    if problem.contains("runs what") || problem.contains("would run") {
      #expect(allowed.problems == [] && allowed.config != nil)
      #expect(refusal == nil)
    } else {
      #expect(allowed == result)
      #expect(refusal?.hasPrefix(problem) ?? false)
    }
  }

  @Test(
    arguments: [
      ("mesh", [:]), ("proxy-rewrite", ["headers": ["set": ["X-Amesh-Ports": "1"]], "uri": "/x-amesh-port/"]),
      ("response-rewrite", ["headers": ["X-Forwarded-Client-Cert": "none"], "_meta": ["priority": 1]]),
      ("cors", ["allow_headers": "X-Amesh-Port"]),
      ("traffic-split", ["rules": [["weighted_upstreams": [["weight": 1]]]]]),
      ("traffic-split", ["rules": [["weighted_upstreams": [["upstream_id": "1", "weight": 1]]]]]),
      ("forward-auth", ["uri": "http://a", "request_headers": ["X-Forwarded-Client-Cert"]]),
      ("request-validation", ["header_schema": ["required": ["x-forwarded-client-cert"]]]),
      ("limit-count", ["count": 1, "time_window": 1, "key": "http_x_forwarded_client_cert"]),
      ("http-logger", ["uri": "http://a", "log_format": ["peer": "$amesh_peer"]]),
      ("real-ip", ["source": "http_x_real_ip"]), ("cors", ["pre_function": "a name like any other"]),
      ("mocking", ["response_example": "a"]), ("proxy-mirror", ["host": "http://192.0.2.1"]),
    ] as [(String, JSONValue)]
  )
  func `what only reads it, or looks alike, is let through`(_ plugin: String, _ config: JSONValue) {
    let restrictions = PluginRestriction.problems(of: PluginEntry(plugin, config), at: "p")
    #expect(restrictions == [])
    #expect(PluginRestriction.refusal(of: PluginEntry(plugin, config)) == nil)
  }

  @Test func `a plugin of the runner's may have any name and text`() {
    let entry = PluginEntry(.preRequest, "amesh", "x-amesh-port: 1")
    #expect(PluginRestriction.problems(of: entry, at: "p") == [])
  }

  @Test func `a restricted plugin is not called unknown too`() throws {
    let schemas = try PluginSchemas(["plugins": ["gzip": ["schema": [:]]]])
    let result = PluginConfigCheck(schemas: schemas, unknownPlugins: .deny).check(object("amesh-mtls", [:]))
    #expect(result.problems.count == 1)
  }

  /// All of a plugin that is in the way is told at once.
  @Test func `every problem is told`() {
    let entry = PluginEntry(
      "proxy-rewrite",
      ["headers": ["set": ["X-Amesh-Port": "1"]], "_meta": ["pre_function": "x"]]
    )
    #expect(
      PluginRestriction.problems(of: entry, at: "p").map(\.path) == [
        "p.config.headers.set.X-Amesh-Port", "p.config._meta.pre_function",
      ]
    )
    let two = PluginEntry("proxy-rewrite", ["headers": ["X-Amesh-Port": "1", "X-Forwarded-Client-Cert": "a"]])
    let refusal = PluginRestriction.refusal(of: two)
    #expect(refusal?.hasPrefix("config.headers.X-Amesh-Port: x-amesh-port is ") ?? false)
    #expect(refusal?.contains("who calls; config.headers.X-Forwarded-Client-Cert: x-forw") ?? false)
  }
}
