import ArgumentParser
import EnvoyAPI
import Glibc
import NIOCore
import SwiftProtobuf

/// Sidecars that want to know who is behind the addresses that they send to.
///
/// Once each has been told of all of its addresses, a line `wait FIRST COUNT SECONDS` on standard input is answered by
/// `armed`, and, when everybody was told of each of these Pods that it asked for: how much was told, seconds until the
/// first and the last was, and how much is missing. It ends with standard input.
struct Workloads: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold streams of workload discovery open. Prints `up`, the number of subscriptions, and seconds."
  )

  @OptionGroup var peer: PeerOptions
  @Option(help: "Connections.") var connections = 200
  @Option(help: "Sidecars on each connection.") var sidecars = 50
  @Option(help: "Pods of the mesh.") var pods = 10_000
  @Option(help: "Addresses that each sidecar asks for.") var addresses = 20

  func run() async throws {
    try Descriptors.need(connections)
    let (connections, sidecars, pods, addresses) = (connections, sidecars, pods, addresses)
    let peer = try peer.peer()
    let start = NIODeadline.now()
    let audience: NIOLoopBound<Audience> = try await Peer.run { loop, done in
      let audience = Audience(peer, loop: loop, sidecars: sidecars, pods: pods, addresses: addresses)
      audience.start(connections: connections) { done(NIOLoopBound(audience, eventLoop: loop)) }
    }
    tell("up", "\(connections * sidecars * addresses)", "\((NIODeadline.now() - start).seconds)")
    while let line = readLine() {
      let numbers = line.split(separator: " ").dropFirst().compactMap { Int($0) }
      guard numbers.count == 3, line.hasPrefix("wait ") else {
        throw LoadError("\"\(line)\" is not: wait FIRST COUNT SECONDS")
      }
      let start = NIODeadline.now()
      let push = audience.eventLoop.flatSubmit {
        audience.value.wait(
          for: numbers[0]..<numbers[0] + numbers[1],
          at: start,
          timeout: .seconds(Int64(numbers[2]))
        )
      }
      tell("armed")
      let result = try await push.get()
      tell("told", "\(result.count)", "\(result.first.seconds)", "\(result.last.seconds)", "\(result.missing)")
    }
  }

  private func tell(_ words: String...) {
    print(words.joined(separator: "\t"))
    fflush(nil)
  }
}

/// All streams of ``Workloads``.
private final class Audience {
  private let peer: Peer
  private let loop: any EventLoop
  private let sidecars: Int
  private let pods: Int
  private let addresses: Int
  private var connections: [Connection] = []
  private var streams: [WorkloadStream] = []
  private var missing = 0
  private var waiting: (start: NIODeadline, promise: EventLoopPromise<PushResult>)?
  private var push = PushResult()

  init(_ peer: Peer, loop: any EventLoop, sidecars: Int, pods: Int, addresses: Int) {
    self.peer = peer
    self.loop = loop
    self.sidecars = sidecars
    self.pods = pods
    self.addresses = addresses
  }

  func start(connections count: Int, onUp: @escaping () -> Void) {
    missing = count * sidecars * addresses
    for _ in 0..<count {
      let connection = peer.connect(on: loop)
      connections.append(connection)
      connection.onClose = { fail("a connection was closed") }
      connection.onReady = {
        for _ in 0..<self.sidecars { self.open(on: connection, onUp) }
      }
    }
  }

  /// Each asks for Pods that stride through the whole mesh, so that each Pod has as many who ask for it.
  private func open(on connection: Connection, _ onUp: @escaping () -> Void) {
    let stride = max(pods / addresses, 1)
    let names = (0..<addresses).map { WorkloadStream.address((streams.count + $0 * stride) % pods) }
    let stream = WorkloadStream(names)
    stream.onEnd = { fail("a stream ended: \($0)") }
    stream.onTold = { [unowned self] _, _ in
      missing -= 1
      if missing == 0 { onUp() }
    }
    streams.append(stream)
    stream.open(on: connection)
  }

  func wait(for range: Range<Int>, at start: NIODeadline, timeout: TimeAmount) -> EventLoopFuture<PushResult> {
    let promise = loop.makePromise(of: PushResult.self)
    push = PushResult()
    let changing = Set(range.map { WorkloadStream.address($0) })
    var pending: Set<Subscription> = []
    for (index, stream) in streams.enumerated() {
      for name in stream.names where changing.contains(name) { pending.insert(Subscription(stream: index, name: name)) }
      stream.onTold = { [unowned self] name, _ in
        told(pending.remove(Subscription(stream: index, name: name)), pending.count)
      }
    }
    waiting = (start, promise)
    let timer = loop.assumeIsolated().scheduleTask(in: timeout) { self.finish(missing: pending.count) }
    promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
    return promise.futureResult
  }

  private func told(_ subscription: Subscription?, _ left: Int) {
    guard subscription != nil, let waiting else { return }
    let elapsed = NIODeadline.now() - waiting.start
    if push.count == 0 { push.first = elapsed }
    push.count += 1
    push.last = elapsed
    if left == 0 { finish(missing: 0) }
  }

  private func finish(missing: Int) {
    guard let waiting else { return }
    self.waiting = nil
    push.missing = missing
    waiting.promise.succeed(push)
  }

  private struct Subscription: Hashable {
    let stream: Int
    let name: String
  }
}

/// One call of workload discovery that takes what it is told.
private final class WorkloadStream {
  private typealias Request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
  private static let method = "/amesh.workload.v1.WorkloadDiscoveryService/DeltaWorkloads"
  private static let type = "type.googleapis.com/amesh.workload.v1.Workload"

  let names: [String]
  /// Called with a name and its version, once the response was acknowledged.
  var onTold: (String, String) -> Void = { _, _ in }
  var onEnd: (CallStatus) -> Void = { _ in }
  private var call: Call?

  init(_ names: [String]) { self.names = names }

  /// As the server of the benchmark numbers its Pods.
  static func address(_ number: Int) -> String { "10.\(64 + number >> 16).\(number >> 8 & 255).\(number & 255)" }

  func open(on connection: Connection) {
    let call = Call { [weak self] in
      self?.received($0)
    } onEnd: { [weak self] status in
      self?.onEnd(status)
    }
    self.call = call
    connection.open(call, method: Self.method, token: "bench")
    send(
      .with {
        $0.typeURL = Self.type
        $0.resourceNamesSubscribe = names
        $0.node.id = "sidecar~127.0.0.1~bench.shop~shop.svc.cluster.local"
      }
    )
  }

  private func send(_ request: Request) {
    guard let bytes = try? ByteBuffer(framing: request) else { return }
    call?.send(bytes)
  }

  private func received(_ message: ByteBuffer) {
    guard let response = try? message.decoded(as: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse.self) else {
      call?.cancel()
      return
    }
    send(
      .with {
        $0.typeURL = Self.type
        $0.responseNonce = response.nonce
      }
    )
    for resource in response.resources { onTold(resource.name, resource.version) }
  }
}
