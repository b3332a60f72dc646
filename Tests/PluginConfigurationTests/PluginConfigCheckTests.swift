import Foundation
import KubernetesObjects
import PluginConfiguration
import Testing

/// By the schemas that are in the manifests.
@Suite struct PluginConfigCheckTests {
  private let schemas: PluginSchemas

  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appendingPathComponent("manifests/plugins/schemas.json")
    schemas = try PluginSchemas(parsing: Array(Data(contentsOf: file)))
  }

  private func object(_ plugin: String, _ config: JSONValue) -> JSONValue {
    [
      "kind": "AmeshPluginConfig", "metadata": ["name": "a"],
      "spec": ["plugins": [["name": .string(plugin), "config": config]]],
    ]
  }

  @Test func `there are the plugins that APISIX comes with`() {
    #expect(schemas.names.contains("response-rewrite"))
    #expect(schemas.names.contains("traffic-split"))
  }

  @Test(
    arguments: [
      ("response-rewrite", ["headers": ["X-Header": "Yes"]]),
      ("response-rewrite", ["headers": ["set": ["X-Header": "Yes"], "remove": ["Server"]]]),
      ("response-rewrite", ["body": "x", "status_code": 200, "_meta": ["priority": 1]]),
      ("limit-count", ["count": 2, "time_window": 60, "rejected_code": 503, "key": "remote_addr"]),
      ("limit-req", ["rate": 1, "burst": 0, "key": "remote_addr"]),
      ("ip-restriction", ["whitelist": ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]]),
      ("cors", [:]), ("prometheus", ["prefer_name": true]), ("key-auth", [:]),
      ("fault-injection", ["abort": ["http_status": 503, "percentage": 10]]),
      ("proxy-rewrite", ["uri": "/x", "headers": ["set": ["A": "b"]]]),
      ("redirect", ["http_to_https": true]),
    ] as [(String, JSONValue)]
  )
  func `what APISIX's documentation shows is taken`(_ plugin: String, _ config: JSONValue) {
    let result = PluginConfigCheck(schemas: schemas, unknownPlugins: .deny).check(object(plugin, config))
    #expect(result.problems == [])
    #expect(result.warnings == [])
    #expect(result.config != nil)
  }

  @Test(
    arguments: [
      ("limit-count", ["count": 2], "lacks time_window"),
      (
        "limit-count", ["count": 0, "time_window": 60], "has to be more than 0"
      ),
      (
        "limit-count", ["count": 1.5, "time_window": 60],
        "spec.plugins[0].config.count: fits none of the 2 allowed forms"
      ),
      (
        "response-rewrite", ["status_code": 600], "spec.plugins[0].config.status_code: has to be at most 598"
      ),
      (
        "response-rewrite", ["body": "x", "filters": [["regex": "a", "replace": "b"]]],
        "spec.plugins[0].config: may not have"
      ),
      ("response-rewrite", ["headers": ["a:b": "c"], "_meta": ["x": 1]], "spec.plugins[0].config._meta: has no \"x\""),
      ("ip-restriction", ["whitelist": ["300.0.0.1"]], "spec.plugins[0].config.whitelist[0]: "),
      ("ip-restriction", [:], "spec.plugins[0].config: "),
      (
        "cors", ["allow_credential": "yes"],
        "spec.plugins[0].config.allow_credential: has to be a boolean, not a string"
      ),
      (
        "limit-req", ["rate": 1, "burst": 0, "key": "a", "rejected_code": 100], "rejected_code: has to be at least 200"
      ),
    ] as [(String, JSONValue, String)]
  )
  func `what a plugin would refuse is refused`(_ plugin: String, _ config: JSONValue, _ problem: String) {
    let result = PluginConfigCheck(schemas: schemas).check(object(plugin, config))
    #expect(result.config == nil)
    #expect(result.problems.contains { $0.description.contains(problem) }, "\(result.problems)")
  }

  @Test func `an unknown plugin is a warning or a denial, as it is configured`() {
    let object = object("respond-rewrite", [:])
    let warned = PluginConfigCheck(schemas: schemas).check(object)
    #expect(warned.config != nil)
    #expect(
      warned.warnings.map(\.description) == [
        "spec.plugins[0].name: respond-rewrite is no plugin of the schema file; APISIX leaves out what it does not know"
      ]
    )
    let denied = PluginConfigCheck(schemas: schemas, unknownPlugins: .deny).check(object)
    #expect(denied.config == nil)
    #expect(denied.warnings == [])
    #expect(PluginConfigCheck().check(object).warnings == [])
  }

  @Test func `a misspelt setting is a warning`() {
    let result = PluginConfigCheck(schemas: schemas).check(object("response-rewrite", ["header": ["X": "1"]]))
    #expect(result.config != nil)
    #expect(
      result.warnings.map(\.description) == ["spec.plugins[0].config.header: response-rewrite has no such setting"]
    )
  }

  @Test func `the API server is answered`() throws {
    let check = PluginConfigCheck(schemas: schemas)
    func answer(_ object: JSONValue) throws -> AdmissionResponse {
      let review: JSONValue = [
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": ["uid": "1", "operation": "CREATE", "object": object],
      ]
      return check.answer(try AdmissionReview(parsing: review.serialized()))
    }
    #expect(try answer(object("cors", [:])).denial == nil)
    let denial = try #require(try answer(object("limit-count", [:])).denial)
    #expect(denial.code == 422)
    #expect(denial.message.hasPrefix("spec.plugins[0].config: ") && denial.message.contains("lacks count"))
    var going = object("limit-count", [:])
    going["metadata"]?["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    #expect(try answer(going).denial == nil)
    #expect(try answer(["kind": "Pod"]).denial == nil)
  }

  @Test(
    arguments: [
      ([], "has no object \"plugins\""), (["plugins": [:]], "has no plugin"),
      (["plugins": ["a": ["priority": 1]]], "has no schema for a"),
      (["schema": [:]], "has no object \"plugins\""),
    ] as [(JSONValue, String)]
  )
  func `a file that is none is refused`(_ document: JSONValue, _ reason: String) {
    #expect(throws: PluginSchemasError.self) { try PluginSchemas(document) }
    do {
      _ = try PluginSchemas(document)
    } catch {
      #expect(error.description.hasPrefix(reason))
    }
  }
}
