package import APISIXSink
import EnvoyAPI
import FoundationEssentials
package import Logging
import MeshResources
import NIOCore
import NIOPosix
import SidecarIdentity
package import SidecarSettings
import SidecarStatus
import Synchronization
import XDSClient
import XDSProtocol

/// A sidecar's data plane: control plane → resources → objects → APISIX's shared memory.
package struct DataPlane<Translation: ObjectTranslation, Dictionary: SharedDictionary & Sendable>: Sendable {
  private let settings: SidecarSettings
  private let translation: Translation
  private let dictionary: Dictionary
  private let surroundings: Surroundings
  private let logger: Logger

  package init(
    settings: SidecarSettings,
    translation: Translation,
    dictionary: Dictionary,
    surroundings: Surroundings,
    logger: Logger
  ) {
    self.settings = settings
    self.translation = translation
    self.dictionary = dictionary
    self.surroundings = surroundings
    self.logger = logger
  }

  /// Until the task is cancelled.
  package func run() async {
    for problem in settings.problems { logger.error("bad setting", metadata: ["reason": "\(problem)"]) }
    let settled = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let sink = SinkService(
      configuration: SinkConfiguration(interval: settings.interval),
      dictionary: dictionary,
      surroundings: surroundings,
      onSettled: { settled.continuation.yield() },
      logger: logger
    )
    // One thread is plenty for one stream, and the process is somebody else's.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let security = SecurityService(settings.security, sink: sink, surroundings: surroundings, logger: logger)
    let pipeline = Pipeline(
      translation: translation,
      security: security,
      waitsForPlugins: !settings.pluginSources.isEmpty,
      logger: logger
    )
    let client = client(pipeline, group)
    let identity = identityClient(security, group)
    let sync = PluginSync(
      pipeline: pipeline,
      sink: sink,
      memo: PluginMemo(dictionary: dictionary),
      logger: logger
    )
    let plugins = pluginClient(sync, group)
    if settings.pluginSources.isEmpty { sync.forget() } else { sync.begin(plugins) }
    let pages = StatusPages(
      settings: settings,
      group: group,
      status: {
        var status = DataPlaneStatus(
          stream: await client.status,
          sink: sink.status,
          remarks: pipeline.remarks,
          plugins: sync.status
        )
        status.security = await identity?.status.map(
          settings.security,
          security.counts,
          lacksNames: security.lacksNames
        )
        return status
      },
      isReady: { sink.status.hasConfiguration },
      objects: { sink.objects(under: $0) }
    )
    let servers = [
      StatusServer(port: settings.statusPort, group: group, logger: logger, respond: { await pages.health($0) }),
      StatusServer(port: settings.metricsPort, group: group, logger: logger, respond: { await pages.metrics($0) }),
    ]
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await sink.run() }
      tasks.addTask { await client.run() }
      tasks.addTask { await security.run(identity) }
      tasks.addTask { await plugins.run() }
      tasks.addTask { for await _ in settled.stream { sync.settled() } }
      tasks.addTask {
        try? await surroundings.sleep(Self.longestWaitForPlugins)
        pipeline.goOn()
      }
      for server in servers { tasks.addTask { await server.run(sleep: surroundings.sleep) } }
    }
    try? await group.shutdownGracefully()
  }

  /// A sidecar starts without its plugins rather than not at all.
  private static var longestWaitForPlugins: Duration { .seconds(3) }

  private func pluginClient(
    _ sync: PluginSync<Translation, Dictionary>,
    _ group: MultiThreadedEventLoopGroup
  ) -> PluginClient {
    PluginClient(
      sources: settings.pluginSources,
      instance: "\(settings.identity.namespace)/\(settings.identity.pod)",
      transport: GRPCTransport(
        settings: .init(tokenFile: settings.tokenFile, rootsFile: settings.rootsFile),
        group: group
      ),
      now: surroundings.now,
      sleep: surroundings.sleep,
      draw: surroundings.draw,
      report: { sync.take($0) }
    )
  }

  private func client(
    _ pipeline: Pipeline<Translation, Dictionary>,
    _ group: MultiThreadedEventLoopGroup
  ) -> XDSClient<MeshResourceReader> {
    let configuration = XDSClientConfiguration(types: MeshResourceReader.types, node: node)
    return XDSClient(
      settings: .init(sources: settings.sources),
      stream: XDSClientStream(
        configuration: configuration,
        variant: settings.variant == .delta ? .delta : .stateOfTheWorld,
        reader: MeshResourceReader()
      ),
      transport: GRPCTransport(
        settings: .init(
          tokenFile: settings.tokenFile,
          rootsFile: settings.rootsFile,
          serverName: settings.serverName
        ),
        group: group
      ),
      surroundings: .init(now: surroundings.now, sleep: surroundings.sleep, draw: surroundings.draw),
      report: { pipeline.take($0) }
    )
  }

  /// Nil where there is no mutual TLS, or no valid address of a server for it.
  private func identityClient(
    _ security: SecurityService<Dictionary>,
    _ group: MultiThreadedEventLoopGroup
  ) -> IdentityClient? {
    guard let wanted = settings.security, wanted.mode != .disabled, let source = settings.identitySource else {
      return nil
    }
    return IdentityClient(
      settings: .init(source: source),
      svid: SVIDState(trustDomain: wanted.trustDomain, node: node),
      transport: GRPCIdentityTransport(
        settings: .init(
          tokenFile: settings.tokenFile,
          rootsFile: settings.rootsFile,
          serverName: settings.identityServerName
        ),
        group: group
      ),
      surroundings: .init(
        now: surroundings.now,
        date: surroundings.date,
        sleep: surroundings.sleep,
        draw: surroundings.draw,
        makeKey: surroundings.makeKey
      ),
      report: { security.take($0) }
    )
  }

  private var node: Envoy_Config_Core_V3_Node {
    let labels = (try? String(contentsOf: URL(filePath: settings.labelsFile), encoding: .utf8)).map(PodLabels.parse)
    return settings.identity.node(labels: labels ?? [:], userAgentVersion: dataPlaneVersion)
  }
}
