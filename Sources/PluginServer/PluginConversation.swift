import CallServer
import CallerAuthentication
import EnvoyAPI
import GRPCCore
import Logging
import NIOCore
import PluginConfiguration

/// One sidecar's stream: gets its set at once, and each later one when it reads; what is outdated by then is skipped.
final class PluginConversation: CallReceiver {
  private let call: ServerCall
  private let place: any AnyObject & Sendable
  private let caller: Caller?
  private let hub: PluginHub
  private let metrics: PluginServerMetrics
  private let logger: Logger
  private var subscription: PluginSubscription?
  private var knowsTargets = false
  /// That was sent last.
  private var revision: String?

  init(
    _ call: ServerCall,
    _ place: any AnyObject & Sendable,
    caller: Caller?,
    hub: PluginHub,
    metrics: PluginServerMetrics,
    logger: Logger
  ) {
    self.call = call
    self.place = place
    self.caller = caller
    self.hub = hub
    self.metrics = metrics
    self.logger = logger
  }

  func received(_ message: ByteBuffer) {
    guard subscription == nil else { return call.finish(.notOneMessage) }
    do throws(RPCError) {
      let request = try Ai_Api7_Amesh_Proto_V1_PluginsRequest(message)
      let pod = try PluginIndex.Pod(request.instance, of: caller)
      knowsTargets = request.knowsTargets
      let conversation = NIOLoopBound(self, eventLoop: call.eventLoop)
      let signal = ChangeSignal(on: call.eventLoop) { conversation.value.look() }
      subscription = hub.subscribe(pod) { signal.raise() }
      metrics.streams(hub.streamCount)
      logger.debug("A sidecar asks for its plugins", metadata: ["pod": "\(pod.namespace)/\(pod.name)"])
      call.begin([:])
      look()
    } catch {
      call.finish(error)
    }
  }

  /// The request is all that a client says; the stream goes on.
  func ended() {
    if subscription == nil { call.finish(.notOneMessage) }
  }

  func drained() { look() }

  func closed() {
    subscription?.cancel()
    subscription = nil
    metrics.streams(hub.streamCount)
  }

  private func look() {
    guard let subscription, call.isWritable else { return }
    switch subscription.current {
    case .unknown: return
    case .gone:
      call.finish(RPCError(code: .unavailable, message: "the Pod is gone, as far as is known here; ask again"))
    case .set(let set):
      guard set.revision != revision else { return }
      revision = set.revision
      subscription.sending(set)
      call.send(Ai_Api7_Amesh_Proto_V1_PluginsResponse(set, knowsTargets: knowsTargets))
      metrics.pushed()
    }
  }
}
