import Hummingbird
import Logging
import MeshConfiguration
import ServiceLifecycle

/// The HTTP server of the admin port.
enum AdminServer {
  static func service(settings: ServerSettings.Admin, pages: AdminPages, logger: Logger) -> any Service {
    // The framework tells at info what we tell ourselves.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    let application = Application(
      responder: pages,
      configuration: ApplicationConfiguration(address: .hostname(settings.address, port: settings.port)),
      onServerRunning: { channel in
        logger.info(
          "listening",
          metadata: [
            "address": .string(settings.address), "port": .stringConvertible(channel.localAddress?.port ?? 0),
          ]
        )
      },
      logger: quiet
    )
    return ListeningService(
      server: application,
      place: ListeningPlace(key: "server.admin", flag: "--admin-port", address: settings.address, port: settings.port)
    )
  }
}
