import KubernetesObjects
import PluginConfiguration
import Testing

@testable import RoutePlugins

@Suite struct PluginMergeTests {
  private let config = PluginConfigKey(namespace: "shop", name: "a")

  private func merge(_ own: JSONObject, _ plugins: PluginEntry...) -> PluginMerge {
    var merge = PluginMerge(own)
    for plugin in plugins { merge.add(plugin, of: config) }
    return merge
  }

  @Test func `what the mesh does not use is taken as it is`() {
    let merged = merge(["traffic-split": ["rules": []]], PluginEntry("cors", ["a": 1]))
    #expect(merged.plugins == ["traffic-split": ["rules": []], "cors": ["a": 1]])
    #expect(merged.applied.map(\.refusal) == [nil])
  }

  @Test(arguments: ["traffic-split", "fault-injection", "cors", "redirect", "limit-req", "proxy-mirror", "amesh"])
  func `what the mesh uses itself stays`(_ name: String) {
    let merged = merge([name: ["mesh": true]], PluginEntry(name, ["mesh": false]))
    #expect(merged.plugins == [name: ["mesh": true]])
    #expect(merged.applied.map(\.refusal) == ["the mesh uses \(name) there itself"])
  }

  @Test func `of each plugin the first one counts`() {
    let merged = merge([:], PluginEntry("cors", ["a": 1]), PluginEntry("cors", ["a": 2]))
    #expect(merged.plugins == ["cors": ["a": 1]])
    #expect(merged.applied.count == 1)
  }

  @Test(
    arguments: [
      // The seed's example, on a route whose VirtualService changes headers too.
      (
        ["headers": ["set": ["X-Mesh": "1"]]], ["headers": ["X-Header": "Yes"]],
        ["headers": ["set": ["X-Mesh": "1", "X-Header": "Yes"]]]
      ),
      // The mesh's own header stays as it is, whatever the case of its name.
      (
        ["headers": ["set": ["X-Mesh": "1"], "remove": ["Server"]]],
        [
          "headers": [
            "set": ["x-mesh": "2", "SERVER": "a"], "remove": ["X-Mesh", "Via"], "add": ["Server: b", "A: b"],
          ]
        ],
        ["headers": ["set": ["X-Mesh": "1"], "remove": ["Server", "Via"], "add": ["A: b"]]]
      ),
      (
        ["headers": ["add": ["A: 1"]]], ["headers": ["add": ["A: 2", "B: 1"]]],
        ["headers": ["add": ["A: 1", "B: 1"]]]
      ),
      (
        ["headers": ["add": ["A": "1"]]], ["headers": ["add": ["a": "2", "B": "1"], "set": ["C": "1"]]],
        ["headers": ["add": ["A": "1", "B": "1"], "set": ["C": "1"]]]
      ),
      (
        ["headers": ["set": ["A": "1"]]], ["body": "x", "status_code": 201],
        ["headers": ["set": ["A": "1"]], "body": "x", "status_code": 201]
      ),
      (["host": "a"], ["headers": ["set": ["A": "1"]]], ["host": "a", "headers": ["set": ["A": "1"]]]),
      (["host": "a"], ["host": "a", "method": "GET"], ["host": "a", "method": "GET"]),
    ] as [(JSONValue, JSONValue, JSONValue)]
  )
  func `rewrites are merged`(_ mesh: JSONValue, _ wanted: JSONValue, _ expected: JSONValue) {
    for name in ["response-rewrite", "proxy-rewrite"] {
      let merged = merge([name: mesh], PluginEntry(name, wanted))
      #expect(merged.applied.map(\.refusal) == [nil])
      #expect(merged.plugins[name] == expected)
    }
  }

  @Test func `a path that the mesh rewrites is nobody else's`() {
    let mesh: JSONObject = ["amesh": ["path": ["pattern": "^/a", "replacement": "/b"]]]
    for wanted: JSONValue in [["uri": "/x"], ["regex_uri": ["a", "b"]]] {
      #expect(merge(mesh, PluginEntry("proxy-rewrite", wanted)).plugins == mesh)
      #expect(
        merge(mesh, PluginEntry("proxy-rewrite", wanted)).applied.map(\.refusal) == [
          "the mesh rewrites the path there itself"
        ]
      )
    }
    #expect(merge(mesh, PluginEntry("proxy-rewrite", ["host": "a"])).applied.map(\.refusal) == [nil])
  }

  @Test func `a path that the mesh leaves alone may be rewritten`() {
    let mesh: JSONValue = ["host": "a", "use_real_request_uri_unsafe": true]
    let merged = merge(["proxy-rewrite": mesh], PluginEntry("proxy-rewrite", ["uri": "/x"]))
    #expect(merged.plugins["proxy-rewrite"] == ["host": "a", "uri": "/x"])
    let both = merge(["proxy-rewrite": mesh], PluginEntry("proxy-rewrite", ["method": "PUT"]))
    #expect(both.plugins["proxy-rewrite"] == ["host": "a", "use_real_request_uri_unsafe": true, "method": "PUT"])
  }

  @Test(
    arguments: [
      (["host": "a"], ["host": "b"], "the mesh sets host there itself"),
      (["regex_uri": ["a", "b"]], ["uri": "/x"], "the mesh sets regex_uri there itself"),
      (["headers": ["set": ["A": "1"]]], ["vars": []], "vars would hold for the mesh's own settings too"),
      (
        ["headers": ["set": ["A": "1"]]], ["_meta": ["disable": true]],
        "_meta would hold for the mesh's own settings too"
      ),
    ] as [(JSONValue, JSONValue, String)]
  )
  func `rewrites that can't be merged are refused as a whole`(
    _ mesh: JSONValue,
    _ wanted: JSONValue,
    _ refusal: String
  ) {
    let merged = merge(["proxy-rewrite": mesh], PluginEntry("proxy-rewrite", wanted))
    #expect(merged.applied.map(\.refusal) == [refusal])
    #expect(merged.plugins["proxy-rewrite"] == mesh)
  }

  @Test func `plugins of the runner follow each other in their lists`() {
    let merged = merge(
      [:],
      PluginEntry(.preRequest, "a", "1"),
      PluginEntry(.preRequest, "b", "2"),
      PluginEntry(.postRequest, "a", "3"),
      PluginEntry("ext-plugin-pre-req", ["conf": [["name": "c", "value": "4"]], "allow_degradation": true])
    )
    #expect(
      merged.plugins == [
        "ext-plugin-pre-req": [
          "conf": [
            ["name": "c", "value": "4"], ["name": "a", "value": "1"], ["name": "b", "value": "2"],
          ],
          "allow_degradation": true,
        ],
        "ext-plugin-post-req": ["conf": [["name": "a", "value": "3"]]],
      ]
    )
  }
}
