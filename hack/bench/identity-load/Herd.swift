import ArgumentParser
import NIOCore

/// Everything at once, as after an outage: each of many connects, shows its token and waits for its first certificate.
struct Herd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints: up, seconds to the last, first tries that failed, p50 and p99 in ms, CPU seconds of the server."
  )

  @OptionGroup var peer: PeerOptions
  @OptionGroup var tokens: TokenOptions
  @Option(help: "How many connect.") var connections = 2_000
  @Option(help: "Process whose CPU time is told.") var server: Int32
  @Option(help: "Seconds after which the rest is given up.") var timeout = 120

  func run() async throws {
    try Descriptors.need(connections)
    let (peer, tokens) = (try peer.peer(), try tokens.list())
    let (connections, timeout, server) = (connections, timeout, ServerProcess(id: server))
    let cpu = try server.cpuSeconds()
    let result: HerdResult = try await Peer.run { loop, done in
      let herd = HerdLoad(peer, loop: loop, tokens: tokens, count: connections, done: done)
      herd.start(timeout: .seconds(Int64(timeout)))
    }
    try result.print(cpu: server.cpuSeconds() - cpu)
  }
}

/// The same connections with nothing in them: what of a herd is TLS.
struct Handshakes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "The connections of `herd` alone; prints the same.")

  @OptionGroup var peer: PeerOptions
  @Option(help: "How many connect.") var connections = 2_000
  @Option(help: "Process whose CPU time is told.") var server: Int32
  @Option(help: "Seconds after which the rest is given up.") var timeout = 120

  func run() async throws {
    try Descriptors.need(connections)
    let peer = try peer.peer()
    let (connections, timeout, server) = (connections, timeout, ServerProcess(id: server))
    let cpu = try server.cpuSeconds()
    let result: HerdResult = try await Peer.run { loop, done in
      let herd = HerdLoad(peer, loop: loop, tokens: [], count: connections, done: done)
      herd.start(timeout: .seconds(Int64(timeout)))
    }
    try result.print(cpu: server.cpuSeconds() - cpu)
  }
}

struct HerdResult: Sendable {
  var figures = Figures()
  var retried = 0
  var reasons: [String: Int] = [:]

  func print(cpu: Double) throws {
    var figures = figures
    figures.sort()
    let last = figures.quantile(1) / 1000
    Swift.print(figures.count, last, retried, figures.quantile(0.5), figures.quantile(0.99), cpu, separator: "\t")
    for (reason, count) in reasons { Swift.print("# \(count) times: \(reason)") }
  }
}

private final class HerdLoad {
  private let peer: Peer
  private let loop: any EventLoop
  private let tokens: [String]
  private let count: Int
  private let done: (HerdResult) -> Void
  private var result = HerdResult()
  private var connections: [Connection?]
  private var streams: [SecretStream?]
  private var start = NIODeadline.now()
  private var isOver = false

  init(
    _ peer: Peer,
    loop: any EventLoop,
    tokens: [String],
    count: Int,
    done: @escaping (HerdResult) -> Void
  ) {
    self.peer = peer
    self.loop = loop
    self.tokens = tokens
    self.count = count
    self.done = done
    connections = Array(repeating: nil, count: count)
    streams = Array(repeating: nil, count: count)
  }

  func start(timeout: TimeAmount) {
    start = .now()
    for index in 0..<count { attempt(index, 0) }
    loop.assumeIsolated().scheduleTask(in: timeout) { self.finish() }
  }

  private func attempt(_ index: Int, _ tries: Int) {
    guard !isOver else { return }
    let connection = peer.connect(on: loop)
    connections[index] = connection
    connection.onClose = { self.failed(index, tries, "the connection was closed") }
    connection.onReady = {
      guard !self.tokens.isEmpty else { return self.arrived() }
      let stream = SecretStream(names: ["default"])
      self.streams[index] = stream
      stream.onSecrets = { stream in
        stream.onSecrets = { _ in }
        self.arrived()
      }
      stream.onEnd = { status in
        self.failed(index, tries, "\(status)")
        connection.close()
      }
      stream.open(on: connection, token: self.tokens[index % self.tokens.count])
    }
  }

  private func arrived() {
    result.figures.add(.now() - start)
    if result.figures.count == count { finish() }
  }

  private func failed(_ index: Int, _ tries: Int, _ reason: String) {
    // Once for each try, whether the stream or its connection tells first.
    guard !isOver, connections[index] != nil else { return }
    (connections[index], streams[index]) = (nil, nil)
    if tries == 0 { result.retried += 1 }
    result.reasons[reason, default: 0] += 1
    // As gRPC's clients do: a second, then more, each by chance.
    let wait = min(Double(1 << min(tries, 4)), 10) * Double.random(in: 0.8...1.2)
    loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(wait * 1000))) { self.attempt(index, tries + 1) }
  }

  private func finish() {
    guard !isOver else { return }
    isOver = true
    for connection in connections { connection?.close() }
    done(result)
  }
}
