import ArgumentParser
import EnvoyAPI
import NIOCore

/// Peers that behave badly, over and over, until it is told to end: see ``Misbehaviour``.
struct Soak: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints: what was done how often, and what of it ended otherwise than it should."
  )

  @OptionGroup var peer: PeerOptions
  @OptionGroup var tokens: TokenOptions
  @Option(help: "For how long.") var seconds = 900
  @Option(help: "Misbehaving peers at a time.") var width = 24

  func run() async throws {
    try Descriptors.need(width * 2)
    let (peer, tokens, width, seconds) = (try peer.peer(), try tokens.list(), width, seconds)
    let requests = try SigningRequests.make(64)
    let result: SoakResult = try await Peer.run { loop, done in
      let soak = SoakLoad(peer, loop: loop, tokens: tokens, requests: requests, done: done)
      soak.start(width: width, for: .seconds(Int64(seconds)))
    }
    for (name, count) in result.done.sorted(by: { $0.key < $1.key }) { print(name, count, separator: "\t") }
    print("answers", result.answers, separator: "\t")
    print("unavailable", result.unavailable, separator: "\t")
    for (problem, count) in result.problems { print("unexpected", count, problem, separator: "\t") }
  }
}

struct SoakResult: Sendable {
  var done: [String: Int] = [:]
  /// Ends of calls that were looked at.
  var answers = 0
  /// Those that ended with UNAVAILABLE (14) where something else was due; a few may, for a limit or a deadline.
  var unavailable = 0
  var problems: [String: Int] = [:]
}

enum Misbehaviour: String, CaseIterable {
  /// Connects, takes its certificate, and leaves.
  case brief
  /// Leaves in the middle of the handshake.
  case handshake
  /// Says nothing more once it is connected, for a while.
  case silent
  /// Refuses whatever it is sent.
  case rejection
  /// Opens streams and resets them.
  case reset
  /// Shows a token that is none, or none at all.
  case stranger
  /// Announces a message larger than allowed.
  case oversized
  /// Sends what is no message.
  case garbage
  /// Asks for another's certificate.
  case greedy
  /// Calls CreateCertificate as it should be.
  case signing
}

private final class SoakLoad {
  private let peer: Peer
  private let loop: any EventLoop
  private let tokens: [String]
  private let requests: [ByteBuffer]
  private let done: (SoakResult) -> Void
  private var result = SoakResult()
  /// Nobody else keeps them.
  private var streams: [ObjectIdentifier: SecretStream] = [:]
  private var count = 0
  private var open = 0
  private var end = NIODeadline.distantFuture

  init(
    _ peer: Peer,
    loop: any EventLoop,
    tokens: [String],
    requests: [ByteBuffer],
    done: @escaping (SoakResult) -> Void
  ) {
    self.peer = peer
    self.loop = loop
    self.tokens = tokens
    self.requests = requests
    self.done = done
  }

  func start(width: Int, for duration: TimeAmount) {
    end = .now() + duration
    for _ in 0..<width { next() }
  }

  private func next() {
    guard NIODeadline.now() < end else {
      if open == 0 { done(result) }
      return
    }
    let kinds = Misbehaviour.allCases
    let kind = kinds[count % kinds.count]
    count += 1
    open += 1
    let connection = peer.connect(on: loop)
    connection.onClose = {
      self.result.done[kind.rawValue, default: 0] += 1
      self.open -= 1
      self.streams[ObjectIdentifier(connection)] = nil
      // Not in this very moment: where the server is away, nothing else would ever be done.
      self.loop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { self.next() }
    }
    // Nobody stays for ever.
    after(.seconds(30)) { connection.close() }
    if kind == .handshake { return after(.microseconds(300)) { connection.close() } }
    connection.onReady = { self.misbehave(kind, connection) }
  }

  private func misbehave(_ kind: Misbehaviour, _ connection: Connection) {
    let token = tokens[count % tokens.count]
    switch kind {
    case .handshake: connection.close()
    case .brief:
      let stream = SecretStream(names: ["default"])
      stream.onSecrets = { _ in connection.close() }
      stream.onEnd = { self.expect($0, [14], kind) }
      streams[ObjectIdentifier(connection)] = stream
      stream.open(on: connection, token: token)
    case .silent:
      let stream = SecretStream(names: ["default", "ROOTCA"])
      stream.open(on: connection, token: token)
      after(.seconds(Int64.random(in: 1...20))) { connection.close() }
    case .rejection: reject(connection, token)
    case .reset:
      for round in 0..<20 {
        let stream = SecretStream(names: [round % 2 == 0 ? "default" : "ROOTCA"])
        stream.open(on: connection, token: token, isSilent: round % 3 == 0)
        after(.milliseconds(Int64(round * 3))) { stream.cancel() }
      }
      after(.milliseconds(200)) { connection.close() }
    case .stranger:
      let text = count % 2 == 0 ? "\(token)x" : "not-a-token"
      call(Method.streamSecrets, on: connection, token: text, send: nil, expected: [16], kind)
    case .oversized:
      var bytes = ByteBuffer(bytes: [0, 0x7F, 0xFF, 0xFF, 0xFF])
      bytes.writeRepeatingByte(1, count: 8 << 10)
      call(Method.createCertificate, on: connection, token: token, send: bytes, expected: [3, 8, 13], kind)
    case .garbage:
      var bytes = ByteBuffer(bytes: [0, 0, 0, 4, 0])
      bytes.writeRepeatingByte(0xFF, count: 1 << 10)
      call(Method.streamSecrets, on: connection, token: token, send: bytes, expected: [2, 3, 13], kind)
    case .greedy:
      let bytes = try? ByteBuffer(framing: DiscoveryRequest.subscribe(["spiffe://cluster.local/ns/other/sa/other"]))
      call(Method.streamSecrets, on: connection, token: token, send: bytes, expected: [7], kind)
    case .signing:
      call(
        Method.createCertificate,
        on: connection,
        token: token,
        send: requests[count % requests.count],
        expected: [0],
        kind
      )
    }
  }

  private func call(
    _ method: String,
    on connection: Connection,
    token: String,
    send bytes: ByteBuffer?,
    expected: [Int],
    _ kind: Misbehaviour
  ) {
    let call = Call { _ in
    } onEnd: { status in
      self.expect(status, expected, kind)
      connection.close()
    }
    connection.open(call, method: method, token: token)
    if let bytes { call.send(bytes, end: kind == .signing) }
  }

  /// Refuses a hundred times, by the same stream, and subscribes to something else each time so that there is an answer.
  private func reject(_ connection: Connection, _ token: String) {
    var rounds = 0
    var call: Call?
    let opened = Call { message in
      guard let response = try? message.decoded(as: DiscoveryResponse.self) else { return connection.close() }
      rounds += 1
      guard rounds < 100 else { return connection.close() }
      let names = [["ROOTCA"], ["ROOTCA", "default"], ["ALL"]][rounds % 3]
      if let bytes = try? ByteBuffer(framing: DiscoveryRequest.reject(response, names, version: "")) {
        call?.send(bytes)
      }
    } onEnd: { status in
      self.expect(status, [8, 14], .rejection)
      connection.close()
    }
    call = opened
    connection.open(opened, method: Method.streamSecrets, token: token)
    if let bytes = try? ByteBuffer(framing: DiscoveryRequest.subscribe(["ROOTCA"])) { opened.send(bytes) }
    after(.seconds(5)) {
      call = nil
      connection.close()
    }
  }

  private func expect(_ status: CallStatus, _ codes: [Int], _ kind: Misbehaviour) {
    result.answers += 1
    guard !codes.contains(status.code) else { return }
    guard status.code != 14 else {
      result.unavailable += 1
      return
    }
    result.problems["\(kind.rawValue): \(status)", default: 0] += 1
  }

  private func after(_ time: TimeAmount, _ body: @escaping () -> Void) {
    loop.assumeIsolated().scheduleTask(in: time, body)
  }
}
