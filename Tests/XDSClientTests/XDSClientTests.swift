import EnvoyAPI
import KubernetesTesting
import NIOConcurrencyHelpers
import SidecarSettings
import SwiftProtobuf
import Testing
import XDSClient
import XDSProtocol

/// The client over a transport whose streams do what a test wants, by a clock that a test moves.
@Suite struct XDSClientTests {
  private let clock = ManualClock()
  private let transport = ScriptedTransport()
  private let reports = Reports()

  private func client(_ addresses: [String], variant: XDSClientStream<NoReader>.Variant = .delta) throws
    -> XDSClient<NoReader>
  {
    XDSClient(
      settings: .init(sources: try addresses.map { try XDSSource(parsing: "grpc://\($0):1") }),
      stream: XDSClientStream(
        configuration: XDSClientConfiguration(types: [XDSClientType(typeURL: "t", isWildcard: true)]),
        variant: variant,
        reader: NoReader()
      ),
      transport: transport,
      surroundings: .init(
        now: { [clock] in clock.now.offset },
        sleep: { [clock] in try await clock.sleep(until: clock.now.advanced(by: $0)) },
        draw: { 1 }
      ),
      report: { [reports] in reports.add($0) }
    )
  }

  /// Runs the client until so many streams have been tried and it waits, moving the clock each time.
  private func run(_ client: XDSClient<NoReader>, waits: [Duration]) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await client.run() }
      for wait in waits {
        await clock.waitForSleepers()
        clock.advance(by: wait)
      }
      await clock.waitForSleepers()
      group.cancelAll()
    }
  }

  @Test func `each address is tried before the wait grows`() async throws {
    transport.script = Array(repeating: .fail("away"), count: 5)
    await run(
      try client(["a", "b"]),
      waits: [.milliseconds(500), .milliseconds(500), .seconds(1), .seconds(1)]
    )
    #expect(transport.tried == ["a delta", "b delta", "a delta", "b delta", "a delta"])
    #expect(reports.waits == [.milliseconds(500), .milliseconds(500), .seconds(1), .seconds(1), .seconds(2)])
  }

  @Test func `a server without delta is asked for the state of the world, at once and from then on`() async throws {
    transport.script = [.unimplemented, .fail("gone")]
    await run(try client(["a"]), waits: [])
    #expect(transport.tried == ["a delta", "a stateOfTheWorld"])
  }

  @Test func `a stream that lasted is no failure, and its address stays`() async throws {
    transport.script = [.fail("away"), .last(.seconds(60), clock), .last(.seconds(60), clock), .fail("away")]
    await run(try client(["a", "b"]), waits: [.milliseconds(500), .milliseconds(500), .milliseconds(500)])
    #expect(transport.tried == ["a delta", "b delta", "b delta", "b delta"])
    #expect(reports.waits == Array(repeating: .milliseconds(500), count: 4))
  }

  @Test func `a stream that was lost is no failure, but another address comes next`() async throws {
    transport.script = [.lose(.seconds(60), clock), .lose(.seconds(60), clock), .last(.seconds(60), clock)]
    await run(try client(["a", "b"]), waits: [.milliseconds(500), .milliseconds(500), .milliseconds(500)])
    #expect(transport.tried == ["a delta", "b delta", "a delta", "a delta"])
    #expect(reports.waits == Array(repeating: .milliseconds(500), count: 4))
  }

  @Test func `a stream that ends at once counts as a failure though it answered`() async throws {
    transport.script = Array(repeating: .last(.zero, clock), count: 3)
    await run(try client(["a"]), waits: [.milliseconds(500), .seconds(1)])
    #expect(reports.waits == [.milliseconds(500), .seconds(1), .seconds(2)])
  }

  @Test func `without an address it says so`() async throws {
    await run(try client([]), waits: [])
    #expect(reports.reasons == ["there is no valid address in AMESH_XDS_SOURCE"])
    #expect(reports.waits == [.seconds(30)])
  }
}

struct NoReader: XDSResourceReader {
  func read(_ resource: Google_Protobuf_Any) -> XDSReading<Void> { XDSReading(name: "x", content: ()) }
}

final class Reports: Sendable {
  private let all = NIOLockedValueBox<[(reason: String, wait: Duration)]>([])

  func add(_ report: XDSClientReport<Void>) {
    if case .disconnected(_, let reason, let wait) = report { all.withLockedValue { $0.append((reason, wait)) } }
  }

  var waits: [Duration] { all.withLockedValue { $0.map(\.wait) } }
  var reasons: [String] { all.withLockedValue { $0.map(\.reason) } }
}

final class ScriptedTransport: XDSTransport {
  enum Step {
    case fail(String)
    case unimplemented
    /// Answers, lasts so long, ends.
    case last(Duration, ManualClock)
    /// The same, but no end is said.
    case lose(Duration, ManualClock)
  }

  private let memory = NIOLockedValueBox<(script: [Step], tried: [String])>(([], []))

  var script: [Step] {
    get { memory.withLockedValue { $0.script } }
    set { memory.withLockedValue { $0.script = newValue } }
  }

  var tried: [String] { memory.withLockedValue { $0.tried } }

  func stream(
    to source: XDSSource,
    variant: XDSVariant,
    requests: AsyncStream<XDSClientRequest>,
    opened: @escaping @Sendable () async -> Void,
    received: @escaping @Sendable (XDSResponse) async -> Void
  ) async throws(XDSStreamFailure) {
    let step = memory.withLockedValue { memory -> Step in
      memory.tried.append("\(source.host) \(variant)")
      return memory.script.isEmpty ? .fail("the script is over") : memory.script.removeFirst()
    }
    switch step {
    case .fail(let reason): throw XDSStreamFailure(reason)
    case .unimplemented: throw XDSStreamFailure("no such method", isUnimplemented: true)
    case .lose(let duration, let clock):
      await opened()
      await received(.delta(.with { $0.typeURL = "t" }))
      clock.advance(by: duration)
      throw XDSStreamFailure("no answer")
    case .last(let duration, let clock):
      await opened()
      await received(.delta(.with { $0.typeURL = "t" }))
      clock.advance(by: duration)
    }
  }
}
