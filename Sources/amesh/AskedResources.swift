import EnvoyAPI
import Foundation
import MeshResources
import NIOConcurrencyHelpers
import NIOPosix
import SidecarSettings
import XDSClient
import XDSProtocol
import XDSTranslation

/// What a control plane says to a sidecar, until it has said everything once.
struct AskedResources {
  let source: XDSSource
  let settings: SidecarSettings
  let limit: Duration

  /// What has been heard so far.
  private struct Heard {
    var translator = Translator()
    var problems: [String] = []
    var lastFailure: String?
  }

  func dump() async throws -> MeshDump {
    let heard = NIOLockedValueBox(Heard())
    let (ready, continuation) = AsyncStream.makeStream(of: Void.self)
    let client = client { report in
      switch report {
      case .apply(let change): heard.withLockedValue { _ = $0.translator.apply(ResourceChanges(change)) }
      case .refused(let refusal):
        heard.withLockedValue { $0.problems.append("\(refusal.resource.name): \(refusal.reason)") }
      case .disconnected(_, let reason, _): heard.withLockedValue { $0.lastFailure = reason }
      case .ready: continuation.yield()
      case .connected, .fallsBack, .unexpected: break
      }
    }
    let isComplete = await withTaskGroup(of: Bool?.self) { group in
      group.addTask {
        await client.run()
        return nil
      }
      group.addTask {
        for await _ in ready { return true }
        return false
      }
      group.addTask {
        try? await Task.sleep(for: limit)
        return false
      }
      defer { group.cancelAll() }
      for await isComplete in group { if let isComplete { return isComplete } }
      return false
    }
    let result = heard.withLockedValue { $0 }
    guard isComplete else {
      let reason = result.lastFailure ?? "not everything has come that its listeners and clusters refer to"
      throw Failure(.unavailable, "\(source): not within \(limit): \(reason)")
    }
    return MeshDump(translator: result.translator, problems: result.problems)
  }

  private func client(
    _ report: @escaping @Sendable (XDSClientReport<MeshResource>) -> Void
  ) -> XDSClient<MeshResourceReader> {
    let node = settings.identity.node(labels: [:], userAgentVersion: Version.current)
    let began = ContinuousClock.now
    return XDSClient(
      settings: .init(sources: [source]),
      stream: XDSClientStream(
        configuration: XDSClientConfiguration(types: MeshResourceReader.types, node: node),
        variant: settings.variant == .delta ? .delta : .stateOfTheWorld,
        reader: MeshResourceReader()
      ),
      transport: GRPCTransport(
        settings: .init(
          tokenFile: settings.tokenFile,
          rootsFile: settings.rootsFile,
          serverName: settings.serverName
        ),
        group: MultiThreadedEventLoopGroup.singleton
      ),
      surroundings: .init(
        now: { began.duration(to: .now) },
        sleep: { try await Task.sleep(for: $0) },
        draw: { Double.random(in: 0...1) }
      ),
      report: report
    )
  }
}
