import AmeshTesting
import Foundation
import KubernetesObjects
import Testing

@testable import XDSTranslation

@Suite struct `What an istiod sends to a sidecar` {
  @Test func `is translated as written down`() throws {
    let translator = Translator(try Fixtures.shop())
    let folder = GoldenFolder(beside: #filePath)
    #expect(try folder.compare("shop", with: translator.golden) == nil)
  }

  @Test func `is valid by APISIX's own schemas`() throws {
    let schemas = try APISIXSchemas()
    let translator = Translator(try Fixtures.shop())
    #expect(translator.objects.flatMap { schemas.problems($0) } == [])
    #expect(translator.objects.count > 50)
  }

  @Test func `the schemas do refuse`() throws {
    let schemas = try APISIXSchemas()
    let wrong = APISIXObject(.routes, id: "x", origin: "", ["uri": 1, "vars": [["a", "~~", "("]], "nonsense": true])
    #expect(schemas.problems(wrong).count >= 3)
    let plugin = APISIXObject(.routes, id: "x", origin: "", ["uri": "/", "plugins": ["redirect": ["ret_code": 99]]])
    #expect(!schemas.problems(plugin).isEmpty)
  }

  @Test func `identifiers are short and all different`() throws {
    let objects = Translator(try Fixtures.shop()).objects
    #expect(Set(objects.map(\.key)).count == objects.count)
    let generated = objects.filter { $0.key.kind != .pluginMetadata && $0.key.kind != .globalRules }
    #expect(generated.allSatisfy { $0.key.id.utf8.count <= 13 })
  }

  @Test func `everything that is referred to is there`() throws {
    let objects = Translator(try Fixtures.shop()).objects
    let keys = Set(objects.map(\.key))
    var references = 0
    for object in objects {
      var wanted: [APISIXObject.Key] = []
      if let id = object.value["upstream_id"]?.string { wanted.append(.init(kind: .upstreams, id: id)) }
      if let id = object.value["service_id"]?.string { wanted.append(.init(kind: .services, id: id)) }
      for rule in object.value["plugins"]?["traffic-split"]?["rules"]?.array ?? [] {
        for upstream in rule["weighted_upstreams"]?.array ?? [] {
          wanted.append(.init(kind: .upstreams, id: upstream["upstream_id"]?.string ?? ""))
        }
      }
      references += wanted.count
      #expect(wanted.allSatisfy { keys.contains($0) })
    }
    #expect(references > 30)
  }
}
