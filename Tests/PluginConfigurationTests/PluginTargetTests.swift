import PluginConfiguration
import Testing

@Suite struct PluginTargetTests {
  private static let reviews = PluginTarget.Service(namespace: "shop", name: "reviews")
  private static let names = ["reviews.shop.svc.cluster.local", "reviews", "reviews.shop", "10.0.0.7"]

  @Test(
    arguments: [
      (PluginTarget(direction: .inbound), RouteTraits(directions: [.inbound]), true),
      (PluginTarget(direction: .inbound), RouteTraits(directions: [.outbound]), false),
      (PluginTarget(direction: .inbound), RouteTraits(directions: [.inbound, .outbound]), true),
      (PluginTarget(ports: [80, 81]), RouteTraits(ports: [81]), true),
      (PluginTarget(ports: [80]), RouteTraits(ports: [8080]), false),
      (PluginTarget(ports: [80]), RouteTraits(), false),
      (PluginTarget(hosts: ["a.example"]), RouteTraits(hosts: ["b.example", "A.example"]), true),
      (PluginTarget(hosts: ["*.example"]), RouteTraits(hosts: ["a.example"]), true),
      (PluginTarget(hosts: ["*.example"]), RouteTraits(hosts: ["*.a.example"]), true),
      (PluginTarget(hosts: ["*.example"]), RouteTraits(hosts: ["example"]), false),
      (PluginTarget(hosts: ["a.example"]), RouteTraits(hosts: ["*.example"]), false),
      (PluginTarget(hosts: ["a.example"]), RouteTraits(), false),
      (PluginTarget(services: [reviews]), RouteTraits(hosts: names, directions: [.outbound]), true),
      (PluginTarget(services: [reviews]), RouteTraits(hosts: names, directions: [.inbound]), false),
      (PluginTarget(services: [reviews]), RouteTraits(hosts: ["reviews"], directions: [.outbound]), false),
      (
        PluginTarget(services: [reviews]), RouteTraits(hosts: ["reviews.shop2.svc.x"], directions: [.outbound]), false
      ),
      (
        PluginTarget(services: [reviews], ports: [80]),
        RouteTraits(hosts: names, ports: [81], directions: [.outbound]), false
      ),
    ] as [(PluginTarget, RouteTraits, Bool)]
  )
  func `routes`(_ target: PluginTarget, _ route: RouteTraits, _ isMeant: Bool) {
    #expect(target.matches(route) == isMeant)
    #expect([target].match(route) == isMeant)
    #expect(([] as [PluginTarget]).match(route))
  }

  @Test(
    arguments: [
      (PluginTarget(direction: .inbound), PluginTarget(direction: .outbound), false),
      (PluginTarget(direction: .inbound), PluginTarget(ports: [80]), true),
      (PluginTarget(ports: [80]), PluginTarget(ports: [81]), false),
      (PluginTarget(hosts: ["a.example"]), PluginTarget(hosts: ["*.example"]), true),
      (PluginTarget(hosts: ["a.example"]), PluginTarget(hosts: ["b.example"]), false),
      (PluginTarget(hosts: ["*.a.example"]), PluginTarget(hosts: ["*.example"]), true),
      (PluginTarget(services: [reviews]), PluginTarget(direction: .inbound), false),
      (PluginTarget(services: [reviews]), PluginTarget(services: [.init(namespace: "x", name: "y")]), false),
      (PluginTarget(services: [reviews]), PluginTarget(hosts: ["a.example"]), true),
    ] as [(PluginTarget, PluginTarget, Bool)]
  )
  func `overlap`(_ one: PluginTarget, _ other: PluginTarget, _ expected: Bool) {
    #expect(one.overlaps(other) == expected)
    #expect(other.overlaps(one) == expected)
    #expect([one].overlap([]))
  }
}
