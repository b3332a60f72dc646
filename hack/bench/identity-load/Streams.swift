import ArgumentParser
import Glibc
import NIOCore

/// Sidecars that hold their streams and wait, two each: one for their certificate and one for the bundle.
///
/// Once all are up, a line `wait NAME SECONDS` on standard input is answered by `armed`, and, when all streams of that
/// name have acknowledged a new version: how many, seconds until the first and the last had, and how many are missing.
/// It ends with standard input.
struct Streams: AsyncParsableCommand {
  enum Mode: String, ExpressibleByArgument {
    case secrets
    /// Streams that ask for nothing.
    case silent
    /// Connections without streams.
    case bare
  }

  static let configuration = CommandConfiguration(
    abstract: "Hold streams open. Prints `up`, the number of streams, and seconds."
  )

  @OptionGroup var peer: PeerOptions
  @OptionGroup var tokens: TokenOptions
  @Option(help: "Connections.") var connections = 5_000
  @Option(help: "Sidecars on each connection.") var sidecars = 1
  @Option(help: "What streams do: secrets, silent or bare.") var mode = Mode.secrets

  func run() async throws {
    try Descriptors.need(connections)
    let (peer, tokens) = (try peer.peer(), try tokens.list())
    let (connections, sidecars, mode) = (connections, sidecars, mode)
    let start = NIODeadline.now()
    let population: NIOLoopBound<Population> = try await Peer.run { loop, done in
      let population = Population(peer, loop: loop, tokens: tokens, sidecars: sidecars, mode: mode)
      population.start(connections: connections) { done(NIOLoopBound(population, eventLoop: loop)) }
    }
    let streams = mode == .bare ? 0 : connections * sidecars * 2
    tell("up", "\(streams)", "\((NIODeadline.now() - start).seconds)")
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 3, words[0] == "wait", let seconds = Int64(words[2]) else {
        throw LoadError("\"\(line)\" is not: wait NAME SECONDS")
      }
      let start = NIODeadline.now()
      let push = population.eventLoop.flatSubmit {
        population.value.wait(for: words[1], at: start, timeout: .seconds(seconds))
      }
      tell("armed")
      let result = try await push.get()
      tell("pushed", "\(result.count)", "\(result.first.seconds)", "\(result.last.seconds)", "\(result.missing)")
    }
  }

  private func tell(_ words: String...) {
    print(words.joined(separator: "\t"))
    fflush(nil)
  }
}

struct PushResult: Sendable {
  var count = 0
  var first = TimeAmount.zero
  var last = TimeAmount.zero
  var missing = 0
}

/// All streams of ``Streams``.
private final class Population {
  /// Connections that are being made at a time.
  private static let width = 64

  private let peer: Peer
  private let loop: any EventLoop
  private let tokens: [String]
  private let sidecars: Int
  private let mode: Streams.Mode
  private var connections: [Connection] = []
  private var streams: [SecretStream] = []
  private var opened = 0
  private var missing = 0
  private var onUp: () -> Void = {}
  private var waiting: (start: NIODeadline, pending: Set<ObjectIdentifier>, promise: EventLoopPromise<PushResult>)?
  private var push = PushResult()

  init(_ peer: Peer, loop: any EventLoop, tokens: [String], sidecars: Int, mode: Streams.Mode) {
    self.peer = peer
    self.loop = loop
    self.tokens = tokens
    self.sidecars = sidecars
    self.mode = mode
  }

  func start(connections count: Int, onUp: @escaping () -> Void) {
    self.onUp = onUp
    missing = count
    for _ in 0..<min(count, Self.width) { connect(count) }
  }

  private func connect(_ count: Int) {
    guard opened < count else { return }
    opened += 1
    let first = connections.count * sidecars
    let connection = peer.connect(on: loop)
    connections.append(connection)
    connection.onClose = { fail("a connection was closed") }
    connection.onReady = {
      let arrived = {
        self.missing -= 1
        self.connect(count)
        if self.missing == 0 { self.onUp() }
      }
      guard self.mode != .bare else { return arrived() }
      self.open(connection, first * 2, until: (first + self.sidecars) * 2, then: arrived)
    }
  }

  /// One after the other, as workloads come to a node.
  private func open(_ connection: Connection, _ number: Int, until end: Int, then arrived: @escaping () -> Void) {
    guard number < end else { return arrived() }
    let stream = SecretStream(names: [number % 2 == 0 ? "default" : "ROOTCA"])
    streams.append(stream)
    stream.onEnd = { fail("a stream ended: \($0)") }
    stream.onSecrets = { stream in
      stream.onSecrets = { [unowned self] in acknowledged($0) }
      self.open(connection, number + 1, until: end, then: arrived)
    }
    stream.open(on: connection, token: tokens[number / 2 % tokens.count], isSilent: mode == .silent)
    if mode == .silent { open(connection, number + 1, until: end, then: arrived) }
  }

  // MARK: Pushes

  func wait(for name: String, at start: NIODeadline, timeout: TimeAmount) -> EventLoopFuture<PushResult> {
    let promise = loop.makePromise(of: PushResult.self)
    push = PushResult()
    waiting = (start, Set(streams.filter { $0.names == [name] }.map { ObjectIdentifier($0) }), promise)
    let timer = loop.assumeIsolated().scheduleTask(in: timeout) { self.finish() }
    promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
    return promise.futureResult
  }

  private func acknowledged(_ stream: SecretStream) {
    guard let waiting, self.waiting?.pending.remove(ObjectIdentifier(stream)) != nil else { return }
    let elapsed = NIODeadline.now() - waiting.start
    if push.count == 0 { push.first = elapsed }
    push.count += 1
    push.last = elapsed
    if self.waiting?.pending.isEmpty == true { finish() }
  }

  private func finish() {
    guard let waiting else { return }
    self.waiting = nil
    push.missing = waiting.pending.count
    waiting.promise.succeed(push)
  }
}

/// An idle stream that ends makes all figures wrong: so says the client, and ends.
func fail(_ reason: String) {
  print("failed\t\(reason)")
  fflush(nil)
  exit(1)
}
