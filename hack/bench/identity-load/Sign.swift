import ArgumentParser
import EnvoyAPI
import NIOCore

/// CreateCertificate as fast as callers get answers, each over a connection of its own that is kept.
struct Sign: AsyncParsableCommand {
  enum Kind: String, ExpressibleByArgument {
    case sign
    /// The same call without a token: refused after it was read.
    case stranger
    /// A method that is not there: nothing but HTTP/2 and gRPC.
    case nothing
  }

  static let configuration = CommandConfiguration(
    abstract: "Call CreateCertificate. Prints: calls, seconds, errors, p50 and p99 in ms, CPU seconds of the server."
  )

  @OptionGroup var peer: PeerOptions
  @OptionGroup var tokens: TokenOptions
  @Option(help: "Connections, with one call at a time each.") var callers = 16
  @Option(help: "How long to call.") var seconds = 4
  @Option(help: "Seconds of calls before those that count.") var warmup = 1
  @Option(help: "Use only so many tokens, so that the server has seen them all; 0: all, in turn.") var remembered = 0
  @Option(help: "Process whose CPU time is told.") var server: Int32
  @Option(help: "What to call: sign, stranger or nothing.") var kind = Kind.sign

  func run() async throws {
    let (peer, all) = (try peer.peer(), try tokens.list())
    let some = remembered > 0 ? Array(all.prefix(remembered)) : all
    let requests = try SigningRequests.make(256)
    let (callers, seconds, warmup, kind) = (callers, seconds, warmup, kind)
    let server = ServerProcess(id: server)
    let result: SigningResult = try await Peer.run { loop, done in
      let load = SigningLoad(kind: kind, server: server, tokens: some, requests: requests, loop: loop, done: done)
      load.start(peer, callers: callers, warmup: .seconds(Int64(warmup)), duration: .seconds(Int64(seconds)))
    }
    if let failure = result.failure { throw LoadError(failure) }
    var figures = result.figures
    figures.sort()
    let (p50, p99) = (figures.quantile(0.5), figures.quantile(0.99))
    print(figures.count, result.elapsed.seconds, result.errors, p50, p99, result.cpu, separator: "\t")
  }
}

struct SigningResult: Sendable {
  var figures = Figures()
  var elapsed = TimeAmount.zero
  var errors = 0
  /// Seconds that the server had while these calls were made.
  var cpu = 0.0
  var failure: String?
}

/// Each caller sends the next request when it has its answer.
private final class SigningLoad {
  private let kind: Sign.Kind
  private let server: ServerProcess
  private let tokens: [String]
  private let requests: [ByteBuffer]
  private let loop: any EventLoop
  private let done: (SigningResult) -> Void
  private var result = SigningResult()
  private var sent = 0
  private var connections: [Connection] = []
  private var begin = NIODeadline.now()
  private var end = NIODeadline.distantFuture
  private var cpuBefore = 0.0
  private var isOver = false

  init(
    kind: Sign.Kind,
    server: ServerProcess,
    tokens: [String],
    requests: [ByteBuffer],
    loop: any EventLoop,
    done: @escaping (SigningResult) -> Void
  ) {
    self.kind = kind
    self.server = server
    self.tokens = tokens
    self.requests = requests
    self.loop = loop
    self.done = done
  }

  func start(_ peer: Peer, callers: Int, warmup: TimeAmount, duration: TimeAmount) {
    begin = .now() + warmup
    end = begin + duration
    loop.assumeIsolated().scheduleTask(deadline: begin) { self.cpuBefore = try self.server.cpuSeconds() }
    loop.assumeIsolated().scheduleTask(deadline: end) { self.finish(nil) }
    for _ in 0..<callers {
      let connection = peer.connect(on: loop)
      connections.append(connection)
      connection.onReady = { self.call(connection) }
      connection.onClose = { self.finish("a connection was closed") }
    }
  }

  private func call(_ connection: Connection) {
    guard !isOver, !connection.isClosed else { return }
    let start = NIODeadline.now()
    let (request, token) = (requests[sent % requests.count], tokens[sent % tokens.count])
    sent += 1
    var isSigned = false
    let call = Call { message in
      let response = try? message.decoded(as: Istio_V1_Auth_IstioCertificateResponse.self)
      isSigned = (response?.certChain.count ?? 0) >= 2
    } onEnd: { status in
      self.ended(as: self.isExpected(status, isSigned), after: start)
      self.call(connection)
    }
    let method = kind == .nothing ? Method.none : Method.createCertificate
    connection.open(call, method: method, token: kind == .stranger ? nil : token)
    call.send(request, end: true)
  }

  private func isExpected(_ status: CallStatus, _ isSigned: Bool) -> Bool {
    switch kind {
    case .sign: status.isOK && isSigned
    case .stranger: status.code == 16
    case .nothing: status.code == 12
    }
  }

  private func ended(as expected: Bool, after start: NIODeadline) {
    let now = NIODeadline.now()
    guard !isOver, start >= begin, now <= end else { return }
    if expected { result.figures.add(now - start) } else { result.errors += 1 }
  }

  private func finish(_ failure: String?) {
    guard !isOver else { return }
    isOver = true
    result.failure = failure
    result.elapsed = end - begin
    result.cpu = ((try? server.cpuSeconds()) ?? 0) - cpuBefore
    for connection in connections { connection.close() }
    done(result)
  }
}
