package import CallServer
import CallerAuthentication
import EnvoyAPI
import EnvoyServices
import GRPCCore
package import Logging
package import PluginConfiguration
import SPIFFE

/// The stream of plugins to sidecars, and their acknowledgements.
package struct PluginService: CallService {
  /// Who may ask, and for what.
  package enum Access: Sendable {
    /// A sidecar that shows its token, for its own Pod.
    case authenticated(any CallerAuthentication, StreamBook)
    /// Anybody for any Pod, so many calls at a time: for sidecars that know neither TLS nor tokens.
    case open(maximumStreams: Int)
  }

  private let hub: PluginHub
  private let access: Access
  private let metrics: PluginServerMetrics
  private let logger: Logger

  package init(_ hub: PluginHub, access: Access, metrics: PluginServerMetrics, logger: Logger) {
    self.hub = hub
    self.access = access
    self.metrics = metrics
    self.logger = logger
  }

  private typealias Method = Ai_Api7_Amesh_Proto_V1_AmeshService.Method

  package var methods: [String: any CallMethod] {
    let book: OpenBook? = if case .open(let limit) = access { OpenBook(limit: limit) } else { nil }
    return [
      Method.StreamPlugins.descriptor.path: method(book) { caller, place, call in
        PluginConversation(call, place, caller: caller, hub: hub, metrics: metrics, logger: logger)
      },
      Method.AcknowledgePlugins.descriptor.path: method(book) { caller, place, call in
        UnaryReceiver(call, place) { request throws(RPCError) in
          UnaryAnswer(message: try acknowledge(request, by: caller))
        }
      },
    ]
  }

  private func method(
    _ book: OpenBook?,
    answer: @escaping @Sendable (Caller?, any AnyObject & Sendable, ServerCall) -> any CallReceiver
  ) -> any CallMethod {
    switch access {
    case .authenticated(let authentication, let streams):
      AuthenticatedMethod(authentication, streams) { caller, place, call in answer(caller, place, call) }
    case .open(let limit):
      OpenMethod(book ?? OpenBook(limit: limit)) { place, call in answer(nil, place, call) }
    }
  }

  private func acknowledge(
    _ request: Ai_Api7_Amesh_Proto_V1_PluginsAcknowledgement,
    by caller: Caller?
  ) throws(RPCError) -> Ai_Api7_Amesh_Proto_V1_PluginsAcknowledged {
    let pod = try PluginIndex.Pod(request.instance, of: caller)
    var refusals: [PluginConfigKey: String] = [:]
    for refusal in request.refusals.prefix(Self.maximumRefusals) {
      guard let key = PluginConfigKey(parsing: refusal.config) else { continue }
      refusals[key] = String(refusal.message.prefix(Self.longestMessage))
    }
    guard hub.acknowledge(pod, revision: request.revision, refusals: refusals) else {
      metrics.acknowledged(.unknown)
      throw RPCError(code: .notFound, message: "no stream of that instance has sent this revision lately")
    }
    metrics.acknowledged(refusals.isEmpty ? .applied : .partlyRefused)
    return Ai_Api7_Amesh_Proto_V1_PluginsAcknowledged()
  }

  private static let maximumRefusals = 256
  private static let longestMessage = 512
}

extension PluginConfigKey {
  init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.count <= 512 else { return nil }
    self.init(namespace: String(parts[0]), name: String(parts[1]))
  }
}

extension PluginIndex.Pod {
  /// - Parameter caller: nil where everybody may ask for everything.
  /// - Throws: where the instance is not the caller's own Pod.
  init(_ instance: Ai_Api7_Amesh_Proto_V1_PluginInstance, of caller: Caller?) throws(RPCError) {
    let parts = instance.key.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 253 }) else {
      throw RPCError(code: .invalidArgument, message: "instance.key has to be NAMESPACE/POD")
    }
    self.init(namespace: String(parts[0]), name: String(parts[1]))
    guard let caller else { return }
    guard let own = caller.pod else {
      throw RPCError(
        code: .permissionDenied,
        message: "the credential is bound to no Pod; use the token that is projected into the Pod"
      )
    }
    guard caller.identity.namespace == namespace, own.name == name else {
      throw RPCError(
        code: .permissionDenied,
        message: "a sidecar gets the plugins of its own Pod, which is \(caller.identity.namespace)/\(own.name)"
      )
    }
  }
}
