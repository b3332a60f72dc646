import EnvoyAPI
import FoundationEssentials
import KubernetesTesting
import SPIFFE
import SecretDiscovery
import SidecarIdentity
import SidecarSettings
import SwiftProtobuf
import Synchronization
import Testing
import WorkloadKeys
import XDSClient

private typealias Request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
private typealias Response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse

/// The client over connections that do what a test wants, by a clock that a test moves.
@Suite(.timeLimit(.minutes(1)))
struct IdentityClientTests {
  private let clock = ManualClock()
  private let transport = ScriptedConnections()
  private let mesh: TestMesh

  init() throws { mesh = try TestMesh() }

  private func client(
    report: @escaping @Sendable (IdentityReport) -> Void = { _ in }
  ) throws -> IdentityClient {
    IdentityClient(
      settings: .init(source: try XDSSource(parsing: "https://amesh:15012")),
      svid: SVIDState(trustDomain: mesh.trustDomain, node: .init()),
      transport: transport,
      surroundings: .init(
        now: { [clock] in clock.now.offset },
        date: { [clock] in TestMesh.now + Double(clock.now.offset.components.seconds) },
        sleep: { [clock] in try await clock.sleep(until: clock.now.advanced(by: $0)) },
        draw: { 0 },
        makeKey: { try FreshKey.p256() }
      ),
      report: report
    )
  }

  /// Runs the client until the script is over.
  private func run(_ client: IdentityClient, _ script: [ScriptedConnections.Step]) async {
    transport.script.withLock { $0 = script }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await client.run() }
      group.addTask { [clock] in
        while !Task.isCancelled {
          if clock.sleepers > 0 { clock.advance(by: .seconds(1)) }
          await Task.yield()
        }
      }
      await transport.over()
      group.cancelAll()
    }
  }

  private static func csr(_ request: Request) -> String {
    request.node.metadata.fields[NodeRequest.signingRequestKey]?.stringValue ?? ""
  }

  @Test func `a token that is not taken gives way to the certificate, and that to the token`() async throws {
    let mesh = mesh
    let unknown = XDSStreamFailure("who?", isUnauthenticated: true)
    let client = try client()
    await run(
      client,
      [
        // Nothing to show yet but the token.
        { _ in unknown },
        { connection in
          let request = await connection.next(.secrets)
          let chain = try? mesh.issue(Self.csr(request))
          await connection.send(.secrets, .secrets(chain: chain, bundle: mesh.rootPEM + "\n"))
          return unknown
        },
        { _ in unknown },
        { _ in XDSStreamFailure("gone") },
        { _ in XDSStreamFailure("gone") },
      ]
    )
    #expect(transport.shown.withLock { $0 } == [false, false, true, false, false])
    #expect(await client.status.certificate?.identity.serviceAccount == "web")
  }

  @Test func `a certificate is renewed on its stream, each with a key of its own`() async throws {
    let mesh = mesh
    let seen = Mutex<[String]>([])
    let client = try client()
    await run(
      client,
      [
        { connection in
          for _ in 0..<3 {
            var request = await connection.next(.secrets)
            // Answers have no request in them.
            while Self.csr(request).isEmpty { request = await connection.next(.secrets) }
            let csr = Self.csr(request)
            seen.withLock { $0.append(csr) }
            await connection.send(
              .secrets,
              .secrets(chain: try? mesh.issue(csr, life: 36_000), bundle: mesh.rootPEM + "\n")
            )
          }
          // Time runs while answers are on their way: they have hours. The last one is in hand when it is answered.
          _ = await connection.next(.secrets)
          return nil
        }
      ]
    )
    #expect(Set(seen.withLock { $0 }).count == 3)
    let status = await client.status
    #expect(status.figures.renewals == 2)
    #expect(status.figures.refusals == 0)
    #expect(status.roots == 1)
  }

  @Test func `a server that is away is tried often enough for a certificate that ends soon`() async throws {
    let mesh = mesh
    let waits = Mutex<[Duration]>([])
    let client = try client { report in
      if case .disconnected(_, _, let wait) = report { waits.withLock { $0.append(wait) } }
    }
    let away = ScriptedConnections.Step? { _ in XDSStreamFailure("away") }
    await run(
      client,
      [
        { connection in
          let request = await connection.next(.secrets)
          let chain = try? mesh.issue(Self.csr(request), life: 40)
          await connection.send(.secrets, .secrets(chain: chain, bundle: mesh.rootPEM + "\n"))
          return XDSStreamFailure("away")
        }
      ] + Array(repeating: away, count: 12).compactMap(\.self)
    )
    let seen = waits.withLock { $0 }
    // Without it: 0.25, 0.5, 1, 2, 4, 8, 15 s.
    #expect(seen.count == 13 && seen.prefix(9).allSatisfy { $0 <= .seconds(6) }, "\(seen)")
    // One that has ended is no reason to hurry.
    #expect(seen.last == .seconds(15), "\(seen)")
  }

  @Test func `peers are asked for when they are wanted, and again on the next connection`() async throws {
    let names = Mutex<[[String]]>([])
    let client = try client()
    await client.want(["10.0.0.1"])
    await run(
      client,
      [
        { connection in
          let first = await connection.next(.workloads).resourceNamesSubscribe
          await client.want(["10.0.0.1", "10.0.0.2"])
          let second = await connection.next(.workloads).resourceNamesSubscribe
          names.withLock { $0 += [first, second] }
          return XDSStreamFailure("gone")
        },
        { connection in
          let third = await connection.next(.workloads).resourceNamesSubscribe
          names.withLock { $0.append(third) }
          return nil
        },
      ]
    )
    #expect(names.withLock { $0 } == [["10.0.0.1"], ["10.0.0.2"], ["10.0.0.1", "10.0.0.2"]])
  }
}

private final class ScriptedConnections: IdentityTransport {
  final class Connection: Sendable {
    private let requests: [IdentityStreamKind: AsyncStream<Request>]
    private let receive: @Sendable (IdentityStreamKind, Response) async -> Void

    init(
      _ requests: [IdentityStreamKind: AsyncStream<Request>],
      _ receive: @escaping @Sendable (IdentityStreamKind, Response) async -> Void
    ) {
      self.requests = requests
      self.receive = receive
    }

    func next(_ kind: IdentityStreamKind) async -> Request {
      var iterator = requests[kind]?.makeAsyncIterator()
      return await iterator?.next() ?? Request()
    }

    func send(_ kind: IdentityStreamKind, _ response: Response) async { await receive(kind, response) }
  }

  /// Nil: the server ends the connection.
  typealias Step = @Sendable (Connection) async -> XDSStreamFailure?

  let script = Mutex<[Step]>([])
  let shown = Mutex<[Bool]>([])
  private let end = AsyncStream.makeStream(of: Void.self)

  func over() async { for await _ in end.stream { return } }

  func hold(
    _ source: XDSSource,
    showing certificate: SidecarCertificate?,
    requests: @escaping @Sendable (IdentityStreamKind) -> AsyncStream<Request>,
    opened: @escaping @Sendable () async -> Void,
    received: @escaping @Sendable (IdentityStreamKind, Response) async -> Void
  ) async throws(XDSStreamFailure) {
    let step = script.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    guard let step else {
      end.continuation.yield()
      throw XDSStreamFailure("the script is over")
    }
    shown.withLock { $0.append(certificate != nil) }
    await opened()
    let connection = Connection([.secrets: requests(.secrets), .workloads: requests(.workloads)], received)
    if let failure = await step(connection) { throw failure }
  }
}
