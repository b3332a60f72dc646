import EnvoyAPI
import EnvoyServices
import GRPCCore
package import PluginConfiguration
package import SidecarSettings
import SwiftProtobuf
import Synchronization

/// What a control plane gives a sidecar to apply: all of it.
package struct PluginResponse: Sendable, Equatable {
  package var revision: String
  package var parts: [PluginSet.Part]
  /// By config, what of it can't be read.
  package var refusals: [PluginConfigKey: String]
}

package enum PluginClientReport: Sendable {
  case connected(XDSSource)
  case received(PluginResponse, bytes: [UInt8])
  /// The last that was received stays.
  case disconnected(XDSSource?, reason: String, retryIn: Duration)
}

/// Keeps a stream of plugins, for ever, and acknowledges on it what is in force.
package final class PluginClient: Sendable {
  private struct Acknowledgement: Sendable {
    var revision: String
    var refusals: [PluginConfigKey: String]
  }

  private struct Memory {
    var source: XDSSource?
    var lastFailure: String?
    /// Goes out on the stream that is open.
    var acknowledgements: AsyncStream<Acknowledgement>.Continuation?
  }

  private let sources: [XDSSource]
  private let instance: String
  private let transport: GRPCTransport
  private let backoff: ReconnectBackoff
  private let provenAfter = Duration.seconds(10)
  private let now: @Sendable () -> Duration
  private let sleep: @Sendable (Duration) async throws -> Void
  private let draw: @Sendable () -> Double
  private let report: @Sendable (PluginClientReport) -> Void
  private let memory = Mutex(Memory())

  /// - Parameters:
  ///   - instance: `NAMESPACE/POD`
  ///   - sleep: ends early only when the task is cancelled.
  ///   - draw: by chance, 0 to 1.
  package init(
    sources: [XDSSource],
    instance: String,
    transport: GRPCTransport,
    backoff: ReconnectBackoff = ReconnectBackoff(longest: .seconds(10)),
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    draw: @escaping @Sendable () -> Double,
    report: @escaping @Sendable (PluginClientReport) -> Void
  ) {
    self.sources = sources
    self.instance = instance
    self.transport = transport
    self.backoff = backoff
    self.now = now
    self.sleep = sleep
    self.draw = draw
    self.report = report
  }

  /// The address that is connected, and what went wrong last.
  package var status: (source: XDSSource?, lastFailure: String?) {
    memory.withLock { ($0.source, $0.lastFailure) }
  }

  /// A response is in force; told on the stream that is open, if one is: a later one brings the response again.
  package func acknowledge(_ revision: String, refusals: [PluginConfigKey: String]) {
    _ = memory.withLock { $0.acknowledgements?.yield(Acknowledgement(revision: revision, refusals: refusals)) }
  }

  /// Until the task is cancelled.
  package func run() async {
    guard !sources.isEmpty else { return }
    var failures = 0
    var turn = 0
    while !Task.isCancelled {
      let source = sources[turn % sources.count]
      let began = now()
      let failure = await hold(source)
      guard !Task.isCancelled else { return }
      if now() - began >= provenAfter {
        failures = 1
      } else {
        failures += 1
        turn += 1
      }
      let wait = backoff.wait(failures: 1 + (failures - 1) / sources.count, draw: draw())
      memory.withLock { memory in
        memory.source = nil
        memory.lastFailure = failure.description
      }
      report(.disconnected(source, reason: failure.description, retryIn: wait))
      try? await sleep(wait)
    }
  }

  /// One stream, until it ends.
  private func hold(_ source: XDSSource) async -> XDSStreamFailure {
    // Only the last one is of interest.
    let (acknowledgements, continuation) = AsyncStream.makeStream(
      of: Acknowledgement.self,
      bufferingPolicy: .bufferingNewest(1)
    )
    memory.withLock { $0.acknowledgements = continuation }
    defer {
      continuation.finish()
      memory.withLock { $0.acknowledgements = nil }
    }
    do throws(XDSStreamFailure) {
      try await transport.connect(to: source) { client, metadata, connected in
        let service = Ai_Api7_Amesh_Proto_V1_AmeshService.Client(wrapping: client)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await self.receive(from: service, metadata, source, connected) }
          group.addTask {
            for await one in acknowledgements { try await self.tell(one, to: service, metadata) }
          }
          // The stream ends all.
          try await group.next()
          group.cancelAll()
        }
      }
      return .end
    } catch {
      return error
    }
  }

  private func receive(
    from service: Ai_Api7_Amesh_Proto_V1_AmeshService.Client<some ClientTransport>,
    _ metadata: Metadata,
    _ source: XDSSource,
    _ connected: Latch
  ) async throws {
    let request = Ai_Api7_Amesh_Proto_V1_PluginsRequest.with {
      $0.instance.key = instance
      $0.knowsTargets = true
    }
    try await service.streamPlugins(request, metadata: metadata, options: transport.options) { response in
      switch response.accepted {
      case .failure(let error): throw error
      case .success: break
      }
      connected.open()
      self.memory.withLock { memory in
        memory.source = source
        memory.lastFailure = nil
      }
      self.report(.connected(source))
      for try await message in response.messages { try self.take(message) }
    }
  }

  private func take(_ message: Ai_Api7_Amesh_Proto_V1_PluginsResponse) throws {
    guard !message.hasErrorMessage || message.errorMessage.code == 0 else {
      throw XDSStreamFailure("the server says: \(message.errorMessage.message.prefix(512))")
    }
    report(.received(PluginResponse(message), bytes: (try? message.serializedBytes()) ?? []))
  }

  private func tell(
    _ one: Acknowledgement,
    to service: Ai_Api7_Amesh_Proto_V1_AmeshService.Client<some ClientTransport>,
    _ metadata: Metadata
  ) async throws {
    let request = Ai_Api7_Amesh_Proto_V1_PluginsAcknowledgement.with {
      $0.instance.key = instance
      $0.revision = one.revision
      $0.refusals = one.refusals.sorted { $0.key < $1.key }.map { key, message in
        .with {
          $0.config = key.description
          $0.message = message
        }
      }
    }
    do {
      _ = try await service.acknowledgePlugins(request, metadata: metadata, options: transport.options)
    } catch let error as RPCError where error.code == .unimplemented || error.code == .notFound {
      // An older server keeps no count; a newer response is on its way.
      return
    }
  }
}
