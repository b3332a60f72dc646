import AmeshTesting
import Testing

@testable import XDSTranslation

@Suite struct `APISIX takes the route that Envoy takes` {
  @Test(arguments: 0..<120)
  func `for generated meshes and requests`(seed: Int) throws {
    var mesh = RandomMesh(random: SeededRandom(seed: UInt64(seed)))
    let resources = mesh.mesh()
    let envoy = EnvoyReference(resources)
    let translator = Translator(resources)
    var apisix = APISIXReference(translator.objects)
    for _ in 0..<150 {
      let request = mesh.request()
      let expected = envoy.destination(of: request)
      let actual = apisix.destination(of: request)
      // Where no virtual host takes a request, APISIX has no route and answers 404 by itself.
      if expected == .status(404), actual == .nothing { continue }
      #expect(actual == expected, "\(request)")
      if actual != expected { return }
    }
    #expect(apisix.ambiguous == 0)
    let schemas = try APISIXSchemas()
    #expect(translator.objects.flatMap { schemas.problems($0) } == [])
  }

  @Test func `and the requests find all sorts of routes`() {
    var found: [Destination: Int] = [:]
    for seed in 0..<30 {
      var mesh = RandomMesh(random: SeededRandom(seed: UInt64(seed)))
      let envoy = EnvoyReference(mesh.mesh())
      for _ in 0..<50 { found[envoy.destination(of: mesh.request()), default: 0] += 1 }
    }
    #expect(found.keys.count { if case .cluster = $0 { true } else { false } } == RandomMesh.clusters.count - 1)
    #expect(
      found[.status(418), default: 0] > 0 && found[.status(404), default: 0] > 0 && found[.nothing, default: 0] > 0
    )
  }
}
