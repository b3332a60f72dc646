import DataPlane
import Glibc
import Logging
import Observability
import SidecarIdentity
import SidecarSettings
import Synchronization
import WorkloadKeys

/// Called by APISIX once in its privileged agent, with the `ngx_shm_zone_t` of `xds-config` and of `xds-config-version`.
///
/// Returns at once; all else happens on threads of the library. The process is nginx's: nothing here ends it or touches
/// its signals.
@c(initial) public func initial(
  _ configurationZone: UnsafeMutableRawPointer?,
  _ versionZone: UnsafeMutableRawPointer?
) {
  let logger = { (level: Logger.Level) in
    // nginx's standard error is its error log.
    Logger(label: "amesh") { label in
      var handler = TextLogHandler(label: label)
      handler.logLevel = level
      return handler
    }
  }
  guard let configurationZone, let versionZone else {
    return logger(.info).error("APISIX gave no shared dictionaries; check custom_lua_shared_dict in its config.yaml")
  }
  guard hasBegun.exchange(true, ordering: .relaxed) == false else { return }
  var environment: [String: String] = [:]
  for name in SidecarSettings.variables {
    if let value = getenv(name) { environment[name] = String(cString: value) }
  }
  let settings = SidecarSettings(environment: environment)
  let plane = DataPlane(
    settings: settings,
    translation: MeshTranslation(available: settings.apisixPlugins),
    dictionary: NginxDictionary(configuration: configurationZone, version: versionZone),
    surroundings: .process(makeKey: { try FreshKey.p256() }),
    logger: logger(LogLevel.named(settings.logLevel))
  )
  // The one place where work is nobody's child: it lives as long as the process.
  Task.detached { await plane.run() }
}

private let hasBegun = Atomic(false)
