import CallServer
import CallerAuthentication
import EnvoyAPI
import GRPCCore
import Logging
import NIOCore
import WorkloadDiscovery
import XDSProtocol

/// One caller's stream: its state machine takes what the client says and what is new, one after the other on the event loop
/// of the connection, and only while the client reads.
final class WorkloadConversation: CallReceiver {
  private let call: ServerCall
  private let place: StreamBook.Place
  private let source: WorkloadSource
  private let caller: Caller
  private let logger: Logger
  private var stream: DeltaStream
  /// What the source knows that this stream asks for.
  private var names: Set<String> = []
  private var id: UInt64?

  init(
    _ stream: DeltaStream,
    _ call: ServerCall,
    _ place: StreamBook.Place,
    _ source: WorkloadSource,
    _ caller: Caller,
    _ logger: Logger
  ) {
    self.stream = stream
    self.call = call
    self.place = place
    self.source = source
    self.caller = caller
    self.logger = logger
    let conversation = NIOLoopBound(self, eventLoop: call.eventLoop)
    let signal = ChangeSignal(on: call.eventLoop) { conversation.value.look() }
    id = source.open(caller) { signal.raise() }
  }

  // MARK: The client's side

  func received(_ message: ByteBuffer) {
    guard let id else { return }
    guard !source.isEnding(id) else { return end() }
    do throws(RPCError) {
      let request = try Envoy_Service_Discovery_V3_DeltaDiscoveryRequest(message)
      do throws(XDSStatus) { try source.watch(id, request.resourceNamesSubscribe) } catch { throw RPCError(error) }
      names.formUnion(request.resourceNamesSubscribe)
      let actions = stream.receive(request, resources: source)
      let given = request.resourceNamesUnsubscribe.filter { !stream.isSubscribed(to: $0, typeURL: workloadTypeURL) }
      source.unwatch(id, given)
      names.subtract(given)
      try act(actions)
    } catch {
      call.finish(error)
    }
  }

  func ended() { call.finish() }

  func drained() { look() }

  func closed() {
    guard let id else { return }
    source.close(id, names: names)
    self.id = nil
    names = []
  }

  // MARK: The source's side

  private func look() {
    guard let id, call.isWritable else { return }
    guard !source.isEnding(id) else { return end() }
    do throws(RPCError) { try act(stream.resourcesChanged(source)) } catch { call.finish(error) }
  }

  private func end() {
    call.finish(RPCError(code: .unavailable, message: "the server ends this stream; open another"))
  }

  /// - Throws: what ends the stream.
  private func act(_ actions: [XDSAction<Envoy_Service_Discovery_V3_DeltaDiscoveryResponse>]) throws(RPCError) {
    for action in actions {
      switch action {
      case .node, .acknowledged: continue
      case .rejected(let rejection):
        source.metrics.rejected()
        logger.warning(
          "A client refused what it was told of workloads; it keeps what it had before",
          metadata: ["identity": "\(caller.identity)", "reason": "\(rejection.message)"]
        )
      case .send(let response):
        call.send(response)
        source.metrics.pushed(response.resources.count + response.removedResources.count)
      case .close(let status): throw RPCError(status)
      }
    }
  }
}
