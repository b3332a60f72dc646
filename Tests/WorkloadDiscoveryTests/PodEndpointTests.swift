import EnvoyAPI
import Injection
import KubernetesObjects
import Redirect
import SPIFFE
import SwiftProtobuf
import Testing
import WorkloadDiscovery
import XDSProtocol

@Suite struct PodEndpointTests {
  @Test(arguments: [true, false])
  func `an injected Pod is a workload`(_ isNative: Bool) throws {
    let endpoint = try #require(try InjectedPod.endpoint(InjectedPod.make(isNative: isNative)))
    #expect(endpoint.addresses.map(\.description) == ["10.0.0.1", "fd00::1"])
    let workload = try #require(endpoint.workload)
    #expect(workload.identity.description == "spiffe://cluster.local/ns/shop/sa/cart")
    #expect(workload.mtls == .permissive)
    let message = try Amesh_Workload_V1_Workload(serializedBytes: workload.resource.bytes)
    #expect(message.spiffeID == "spiffe://cluster.local/ns/shop/sa/cart")
    #expect(message.mtlsPort == 19443)
    #expect(message.mode == .permissive)
    #expect(message.inboundPorts.map(\.first) == [8080] && message.inboundPorts.map(\.last) == [8080])
  }

  @Test func `its mode and its ports are what injection told the sidecar`() throws {
    let annotations = ["mtls": "disabled", "include-inbound-ports": "9000-9010,8080", "exclude-inbound-ports": "9005"]
    let pod = try InjectedPod.make(annotations: annotations)
    let workload = try #require(try InjectedPod.endpoint(pod)?.workload)
    #expect(workload.message.mode == .disabled)
    #expect(workload.message.mtlsPort == 0)
    #expect(workload.inboundPorts.map(\.text) == ["8080", "9000-9004", "9006-9010"])
    let strict = try InjectedPod.make(annotations: ["mtls": "strict"])
    #expect(try InjectedPod.endpoint(strict)?.workload?.message.mode == .strict)
  }

  /// What anyone may write to a Pod that runs, or into one that was never injected.
  static let notMeshed: [(String, @Sendable (inout JSONValue) -> Void)] = [
    ("annotations alone", { $0["spec"] = ["containers": [["name": "app", "image": "app"]]] }),
    ("no init container", { $0.keepInitContainer(1) }),
    ("no sidecar", { $0.keepInitContainer(0) }),
    ("no token", { $0["spec"]?["volumes"] = [] }),
    ("a token that is none", { $0["spec"]?["volumes"]?[0] = ["name": "amesh-token", "emptyDir": [:]] }),
    ("the node's network", { $0["spec"]?["hostNetwork"] = true }),
    ("another mesh's", { $0.setEnvironment("AMESH_TRUST_DOMAIN", "elsewhere.test") }),
    ("a mode that is none", { $0.setEnvironment("AMESH_MTLS", "on") }),
    ("ports that are none", { $0.setEnvironment("AMESH_INBOUND_PORTS", "all") }),
  ]

  @Test(arguments: notMeshed.indices)
  func `is no workload`(_ index: Int) throws {
    var pod = try InjectedPod.make(annotations: ["mtls": "strict"])
    #expect(try InjectedPod.endpoint(pod)?.workload != nil)
    Self.notMeshed[index].1(&pod)
    #expect(try InjectedPod.endpoint(pod)?.workload == nil, "\(Self.notMeshed[index].0)")
  }

  @Test(arguments: ["Succeeded", "Failed"])
  func `a Pod that is over has no address`(_ phase: String) throws {
    var pod = try InjectedPod.make()
    pod["status"] = InjectedPod.status(["10.0.0.1"], phase: phase)
    #expect(try InjectedPod.endpoint(pod) == nil)
  }

  @Test func `addresses are those that can be read, in one spelling`() throws {
    var pod = try InjectedPod.make(addresses: ["FD00:0::01", "10.0.0.01", "10.0.0.2"])
    #expect(try InjectedPod.endpoint(pod)?.addresses.map(\.description) == ["fd00::1", "10.0.0.2"])
    pod["status"] = ["phase": "Pending"]
    #expect(try InjectedPod.endpoint(pod) == nil)
  }
}

extension JSONValue {
  fileprivate mutating func keepInitContainer(_ index: Int) {
    let kept = self["spec"]?["initContainers"]?[index] ?? .null
    self["spec"]?["initContainers"] = [kept]
  }

  fileprivate mutating func setEnvironment(_ name: String, _ value: String) {
    guard let list = self["spec"]?["initContainers"]?[1]?["env"], case .array(let elements) = list else { return }
    self["spec"]?["initContainers"]?[1]?["env"] = .array(
      elements.map { $0["name"]?.string == name ? ["name": .string(name), "value": .string(value)] : $0 }
    )
  }
}
