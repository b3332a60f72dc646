import CallServer
import EnvoyAPI
import GRPCCore
import NIOCore
import SecretDiscovery
import XDSProtocol

/// All that is asked for in one answer, without a stream: when the caller's own certificate is there, if that is asked for,
/// since who fetches gets no second answer. How long that may take is up to the client.
final class SecretFetch: CallReceiver {
  private let call: ServerCall
  private let place: StreamBook.Place
  private let session: SecretSession
  private let stream: StateOfTheWorldStream
  private var subscription: (any SecretSubscription)?
  private var request: StateOfTheWorldStream.Request?
  private var description: SubscriberDescription?

  init(_ stream: StateOfTheWorldStream, _ call: ServerCall, _ place: StreamBook.Place, session: SecretSession) {
    self.stream = stream
    self.call = call
    self.place = place
    self.session = session
    let fetch = NIOLoopBound(self, eventLoop: call.eventLoop)
    let signal = ChangeSignal(on: call.eventLoop) { fetch.value.look() }
    subscription = session.source.subscribe(session.caller) { signal.raise() }
  }

  func received(_ message: ByteBuffer) {
    guard request == nil else { return call.finish(.notOneMessage) }
    do throws(RPCError) { request = try StateOfTheWorldStream.Request(message) } catch { call.finish(error) }
  }

  func ended() {
    guard let request, let subscription else { return call.finish(.notOneMessage) }
    guard let secrets = subscription.current else { return end() }
    do throws(RPCError) {
      guard !request.resourceNames.isEmpty else {
        throw RPCError(code: .invalidArgument, message: "resource_names is empty; name what you want")
      }
      // What is asked for is known once the request is read; it is answered by a stream that has read nothing yet.
      var reader = stream
      for case .close(let status) in reader.receive(request, resources: secrets) { throw RPCError(status) }
      _ = try session.describe(request, reader, of: secrets.caller, &description, subscription)
      look()
    } catch {
      call.finish(error)
    }
  }

  func drained() {}

  func closed() {
    subscription?.cancel()
    subscription = nil
  }

  private func look() {
    guard let subscription, let request, let description else { return }
    guard let secrets = subscription.current else { return end() }
    guard !description.wantsIdentity || secrets.hasCertificate else { return }
    var stream = stream
    for case .send(let response) in stream.receive(request, resources: secrets) {
      return call.answer(response)
    }
  }

  private func end() {
    call.finish(RPCError(code: .unavailable, message: "there is nothing to give yet; ask again"))
  }
}
