import EnvoyAPI
package import SidecarSettings
package import XDSProtocol

/// Keeps a stream to a control plane, for ever, and tells what comes of it.
package actor XDSClient<Reader: XDSResourceReader> {
  package struct Settings: Sendable {
    /// Tried in turn; the one that works stays, until it is lost.
    package var sources: [XDSSource]
    package var backoff = ReconnectBackoff()
    /// A stream that lasted so long was no failure, however it ended.
    package var provenAfter = Duration.seconds(10)

    package init(sources: [XDSSource]) { self.sources = sources }
  }

  /// Time and chance.
  package struct Surroundings: Sendable {
    package var now: @Sendable () -> Duration
    /// Ends early only when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// 0 to 1.
    package var draw: @Sendable () -> Double

    package init(
      now: @escaping @Sendable () -> Duration,
      sleep: @escaping @Sendable (Duration) async throws -> Void,
      draw: @escaping @Sendable () -> Double
    ) {
      self.now = now
      self.sleep = sleep
      self.draw = draw
    }
  }

  private let settings: Settings
  private let transport: any XDSTransport
  private let surroundings: Surroundings
  private let report: @Sendable (XDSClientReport<Reader.Content>) -> Void
  private var stream: XDSClientStream<Reader>

  private var requests: AsyncStream<XDSClientRequest>.Continuation?
  private var source: XDSSource?
  private var lastFailure: String?
  private var isReady = false
  private var responses = 0
  private var connections = 0
  /// Rings when a deadline may have come up.
  private let alarm = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  package init(
    settings: Settings,
    stream: XDSClientStream<Reader>,
    transport: any XDSTransport,
    surroundings: Surroundings,
    report: @escaping @Sendable (XDSClientReport<Reader.Content>) -> Void
  ) {
    self.settings = settings
    self.stream = stream
    self.transport = transport
    self.surroundings = surroundings
    self.report = report
  }

  /// Until the task is cancelled.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.watchDeadlines() }
      await keepConnected()
      group.cancelAll()
    }
  }

  package var status: XDSClientStatus {
    XDSClientStatus(
      source: source,
      variant: stream.variant == .delta ? .delta : .stateOfTheWorld,
      lastFailure: lastFailure,
      types: stream.standings,
      refusals: stream.refusals,
      isReady: isReady,
      responses: responses,
      connections: connections
    )
  }

  // MARK: - The stream

  private func keepConnected() async {
    var failures = 0
    var turn = 0
    while !Task.isCancelled {
      guard !settings.sources.isEmpty else {
        await pause(nil, "there is no valid address in AMESH_XDS_SOURCE", failures: .max)
        continue
      }
      let next = settings.sources[turn % settings.sources.count]
      let began = surroundings.now()
      let before = responses
      let failure = await hold(next)
      guard !Task.isCancelled else { return }
      if failure.isUnimplemented, stream.variant == .delta {
        stream.variant = .stateOfTheWorld
        report(.fallsBack(next))
        continue
      }
      if responses > before, surroundings.now() - began >= settings.provenAfter {
        failures = 0
        // What has gone silent may stay so for long.
        if !failure.isEnd { turn += 1 }
      } else {
        failures += 1
        turn += 1
      }
      // Every address gets its chance before the wait grows.
      await pause(next, failure.description, failures: 1 + max(0, failures - 1) / settings.sources.count)
    }
  }

  private func pause(_ source: XDSSource?, _ reason: String, failures: Int) async {
    let wait = settings.backoff.wait(failures: failures, draw: surroundings.draw())
    lastFailure = reason
    report(.disconnected(source, reason: reason, retryIn: wait))
    try? await surroundings.sleep(wait)
  }

  /// One stream, until it ends.
  private func hold(_ next: XDSSource) async -> XDSStreamFailure {
    // A server that does not read is given up rather than remembered for.
    let (outgoing, continuation) = AsyncStream.makeStream(
      of: XDSClientRequest.self,
      bufferingPolicy: .bufferingOldest(4096)
    )
    defer {
      continuation.finish()
      requests = nil
      source = nil
      stream.disconnected()
    }
    do throws(XDSStreamFailure) {
      try await transport.stream(
        to: next,
        variant: stream.variant == .delta ? .delta : .stateOfTheWorld,
        requests: outgoing,
        opened: { await self.opened(next, continuation) },
        received: { await self.received($0) }
      )
      return .end
    } catch {
      return error
    }
  }

  private func opened(_ next: XDSSource, _ continuation: AsyncStream<XDSClientRequest>.Continuation) {
    requests = continuation
    source = next
    connections += 1
    report(.connected(next))
    perform(stream.connected())
  }

  private func received(_ response: XDSResponse) {
    responses += 1
    lastFailure = nil
    switch response {
    case .delta(let response): perform(stream.receive(response, now: surroundings.now()))
    case .stateOfTheWorld(let response): perform(stream.receive(response, now: surroundings.now()))
    }
  }

  private func perform(_ actions: [XDSClientAction<Reader.Content>]) {
    for action in actions {
      switch action {
      case .send(let request):
        if case .dropped = requests?.yield(request) { requests?.finish() }
      case .apply(let change): report(.apply(change))
      case .refused(let refusal): report(.refused(refusal))
      case .unexpected(let typeURL): report(.unexpected(typeURL: typeURL))
      case .ready:
        isReady = true
        report(.ready)
      }
    }
    alarm.continuation.yield()
  }

  // MARK: - Time

  private func watchDeadlines() async {
    for await _ in alarm.stream {
      while !Task.isCancelled, let deadline = stream.deadline {
        let wait = deadline - surroundings.now()
        // An earlier deadline may come up meanwhile: none is missed by more than this.
        try? await surroundings.sleep(min(max(wait, .milliseconds(10)), .seconds(1)))
        if surroundings.now() >= deadline { perform(stream.tick(now: surroundings.now())) }
      }
    }
  }
}
