import CallServer
import GRPCCore
import NIOCore
import SecretDiscovery
import XDSProtocol

/// One caller's stream: its state machine takes what the client says and what is new, one after the other on the event loop
/// of the connection, and only while the client reads. So one that reads slowly holds up nobody, and skips what is outdated
/// when it reads on.
final class SecretConversation<Stream: SecretStream>: CallReceiver {
  private let call: ServerCall
  private let place: StreamBook.Place
  private let session: SecretSession
  private var subscription: (any SecretSubscription)?
  private var stream: Stream
  private var timing = StreamTiming(began: .now)
  /// What the source was told of the client.
  private var description: SubscriberDescription?

  init(_ stream: Stream, _ call: ServerCall, _ place: StreamBook.Place, session: SecretSession) {
    self.stream = stream
    self.call = call
    self.place = place
    self.session = session
    let conversation = NIOLoopBound(self, eventLoop: call.eventLoop)
    let signal = ChangeSignal(on: call.eventLoop) { conversation.value.look() }
    subscription = session.source.subscribe(session.caller) { signal.raise() }
  }

  // MARK: The client's side

  func received(_ message: ByteBuffer) {
    guard let subscription else { return }
    guard let secrets = subscription.current else { return end() }
    do throws(RPCError) {
      let request = try Stream.Request(message)
      let actions = stream.receive(request, resources: secrets)
      // The first message tells how the caller wants its certificates, if only by saying nothing of it.
      let isNews = try session.describe(request, stream, of: secrets.caller, &description, subscription)
      try act(actions)
      if isNews { look() }
    } catch {
      call.finish(error)
    }
  }

  func ended() { call.finish() }

  func drained() { look() }

  func closed() {
    subscription?.cancel()
    subscription = nil
  }

  // MARK: The source's side

  private func look() {
    guard let subscription, call.isWritable else { return }
    guard let secrets = subscription.current else { return end() }
    do throws(RPCError) { try act(stream.resourcesChanged(secrets)) } catch { call.finish(error) }
  }

  private func end() {
    call.finish(RPCError(code: .unavailable, message: "the server ends this stream; open another"))
  }

  /// - Throws: what ends the stream.
  private func act(_ actions: [XDSAction<Stream.Response>]) throws(RPCError) {
    for action in actions {
      switch action {
      case .node: continue
      case .acknowledged(let receipt):
        session.metrics.acknowledged()
        if let lag = timing.answered(at: .now) { session.metrics.acknowledged(after: lag) }
        subscription?.acknowledged(receipt)
      case .rejected(let rejection):
        _ = timing.answered(at: .now)
        session.note(rejection)
      case .send(let response):
        call.send(response)
        if let wait = timing.pushed(at: .now) { session.metrics.firstAnswered(after: wait) }
        session.metrics.pushed(Stream.count(response))
      case .close(let status): throw RPCError(status)
      }
    }
  }
}
