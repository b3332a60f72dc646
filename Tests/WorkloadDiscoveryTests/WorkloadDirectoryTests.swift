import AmeshTesting
import EnvoyAPI
import Injection
import KubernetesObjects
import SPIFFE
import SwiftProtobuf
import Testing
import XDSProtocol

@testable import WorkloadDiscovery

@Suite struct WorkloadDirectoryTests {
  private static func change(
    _ uid: String,
    _ addresses: [String] = [],
    account: String? = nil,
    created: String = "2026-01-01T00:00:00Z",
    isLeaving: Bool = false
  ) throws -> PodEndpointChange {
    let workload = try account.map {
      Workload(
        identity: try WorkloadIdentity(
          trustDomain: TrustDomain("cluster.local"),
          namespace: "shop",
          serviceAccount: $0
        ),
        mtls: .permissive,
        inboundPorts: []
      )
    }
    let endpoint = PodEndpoint(addresses: addresses.compactMap { IPAddress($0) }, created: created, workload: workload)
    return PodEndpointChange(uid: uid, isLeaving: isLeaving, endpoint: addresses.isEmpty ? nil : endpoint)
  }

  private static func account(_ directory: WorkloadDirectory, _ address: String) throws -> String? {
    try directory.resource(named: address).map {
      String(try Amesh_Workload_V1_Workload(serializedBytes: $0.bytes).spiffeID.split(separator: "/").last ?? "")
    }
  }

  @Test func `a Pod comes, changes and goes under each of its addresses`() throws {
    var directory = WorkloadDirectory()
    #expect(
      try Set(directory.take(Self.change("a", ["10.0.0.1", "fd00::1"], account: "web"))) == ["10.0.0.1", "fd00::1"]
    )
    #expect(try Self.account(directory, "fd00::1") == "web")
    #expect(directory.resource(named: "10.0.0.1")?.version == directory.resource(named: "fd00::1")?.version)
    #expect(directory.meshedAddresses == 2)
    #expect(try directory.take(Self.change("a", ["10.0.0.1", "fd00::1"], account: "web")) == [])
    #expect(try directory.take(Self.change("a", ["10.0.0.1"], account: "web")) == ["fd00::1"])
    #expect(try directory.take(Self.change("a", ["10.0.0.1"], account: "cart")) == ["10.0.0.1"])
    #expect(try Self.account(directory, "10.0.0.1") == "cart")
    #expect(try directory.take(Self.change("a")) == ["10.0.0.1"])
    #expect(directory.resource(named: "10.0.0.1") == nil && directory.meshedAddresses == 0)
    #expect(try directory.take(Self.change("a")) == [])
  }

  @Test func `another spelling of an address is no name`() throws {
    var directory = WorkloadDirectory()
    _ = try directory.take(Self.change("a", ["10.0.0.1", "fd00::1"], account: "web"))
    for name in ["FD00::1", "fd00:0::1", "10.0.0.01", "10.0.0.1 ", "", "*", "web"] {
      #expect(directory.resource(named: name) == nil, "\(name)")
    }
  }

  @Test func `an address that was given on is the new Pod's, with a sidecar or without`() throws {
    var directory = WorkloadDirectory()
    _ = try directory.take(Self.change("old", ["10.0.0.1"], account: "web"))
    // The kubelet has let it go, the API server not yet.
    #expect(try directory.take(Self.change("new", ["10.0.0.1"], created: "2026-01-01T00:00:01Z")) == ["10.0.0.1"])
    #expect(directory.resource(named: "10.0.0.1") == nil)
    #expect(try directory.take(Self.change("old")) == [])
    #expect(try directory.take(Self.change("new", ["10.0.0.1"], account: "cart")) == ["10.0.0.1"])
    #expect(try Self.account(directory, "10.0.0.1") == "cart")
  }

  @Test func `a Pod that stays goes over one that leaves, even a younger one`() throws {
    var directory = WorkloadDirectory()
    _ = try directory.take(Self.change("young", ["10.0.0.1"], account: "web", created: "2026-02-01T00:00:00Z"))
    _ = try directory.take(Self.change("old", ["10.0.0.1"], account: "cart"))
    #expect(try Self.account(directory, "10.0.0.1") == "web")
    let leaving = try Self.change(
      "young",
      ["10.0.0.1"],
      account: "web",
      created: "2026-02-01T00:00:00Z",
      isLeaving: true
    )
    #expect(directory.take(leaving) == ["10.0.0.1"])
    #expect(try Self.account(directory, "10.0.0.1") == "cart")
    // Alone, one that leaves is still there: it drains.
    #expect(try directory.take(Self.change("old")) == ["10.0.0.1"])
    #expect(try Self.account(directory, "10.0.0.1") == "web")
  }

  /// Against one that looks at all Pods each time.
  @Test func `what is told is what changed, whatever happens`() throws {
    for seed in 0..<30 {
      var random = SeededRandom(seed: UInt64(seed))
      var directory = WorkloadDirectory()
      var pods: [String: PodEndpointChange] = [:]
      for _ in 0..<200 {
        let uid = "u\(Int.random(in: 0..<8, using: &random))"
        let before = Self.expected(pods)
        let addresses = (0..<3).filter { _ in Bool.random(using: &random) }.map { "10.0.0.\($0)" }
        let change = try Self.change(
          uid,
          addresses,
          account: ["web", "cart", nil].randomElement(using: &random) ?? nil,
          created: "2026-01-0\(Int.random(in: 1...3, using: &random))",
          isLeaving: Bool.random(using: &random)
        )
        pods[uid] = change.endpoint == nil ? nil : change
        let after = Self.expected(pods)
        let told = Set(directory.take(change))
        #expect(told == Set((0..<3).map { "10.0.0.\($0)" }.filter { before[$0] != after[$0] }), "seed \(seed)")
        for address in 0..<3 {
          let name = "10.0.0.\(address)"
          #expect(directory.resource(named: name) == after[name]?.resource, "seed \(seed)")
        }
        #expect(directory.meshedAddresses == after.count)
      }
    }
  }

  private static func expected(_ pods: [String: PodEndpointChange]) -> [String: Workload] {
    var owners: [String: Workload] = [:]
    for address in 0..<3 {
      let name = "10.0.0.\(address)"
      let claimants = pods.values.filter { $0.endpoint?.addresses.contains { $0.description == name } == true }
      let first = claimants.max { one, other in
        if one.isLeaving != other.isLeaving { return one.isLeaving }
        return (one.endpoint?.created ?? "", one.uid) < (other.endpoint?.created ?? "", other.uid)
      }
      if let workload = first?.endpoint?.workload { owners[name] = workload }
    }
    return owners
  }
}
