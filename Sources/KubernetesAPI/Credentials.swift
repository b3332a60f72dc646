import FoundationEssentials
import NIOConcurrencyHelpers
import NIOSSL

/// What a request shows.
struct ShownCredentials: Sendable {
  var token: String?
  /// Nil for a server without TLS.
  var tls: TLSConfiguration?
  /// Which it is: grows when anything changes.
  var generation = 0
}

/// Keeps what we show to the API server: read anew once a minute, when it expires, and when the server refuses it.
final class Credentials: Sendable {
  /// How long what was read from a file is used.
  private static let freshness = Duration.seconds(60)
  /// How long before its end a plugin's credential is renewed.
  private static let margin: TimeInterval = 10

  private struct Memory {
    var shown: ShownCredentials?
    var materials: Materials?
    var readAt = Duration.zero
    var plugin: ExecCredential?
    var generation = 0
    var tls: TLSConfiguration?
  }

  private let connection: ClusterConnection
  private let environment: [String: String]
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let pluginTimeLimit: Duration
  private let memory = NIOLockedValueBox(Memory())
  /// One reader at a time; the others take what it found.
  private let turn = Turn()

  init(
    _ connection: ClusterConnection,
    environment: [String: String],
    time: Timekeeper,
    wallClock: @escaping @Sendable () -> Date,
    pluginTimeLimit: Duration
  ) {
    self.connection = connection
    self.environment = environment
    self.time = time
    self.wallClock = wallClock
    self.pluginTimeLimit = pluginTimeLimit
  }

  /// What is to be shown now.
  func current() async throws(APIError) -> ShownCredentials {
    if let shown = fresh() { return shown }
    await turn.enter()
    let result: Result<ShownCredentials, APIError>
    if let shown = fresh() {
      result = .success(shown)
    } else {
      do throws(APIError) {
        result = .success(try await renew())
      } catch {
        result = .failure(error)
      }
    }
    await turn.leave()
    return try result.get()
  }

  /// The server took `refused` for nothing.
  ///
  /// - Returns: whether there is something else to show.
  func renewed(after refused: ShownCredentials) async throws(APIError) -> Bool {
    memory.withLockedValue { memory in
      guard memory.shown?.generation == refused.generation else { return }
      memory.shown = nil
      memory.plugin = nil
    }
    return try await current().generation != refused.generation
  }

  private func fresh() -> ShownCredentials? {
    let (now, date) = (time.now(), wallClock())
    return memory.withLockedValue { memory in
      guard let shown = memory.shown, !Self.isExpired(memory.plugin, date) else { return nil }
      return now - memory.readAt < Self.freshness ? shown : nil
    }
  }

  private static func isExpired(_ credential: ExecCredential?, _ date: Date) -> Bool {
    credential?.expires.map { date >= $0 - margin } ?? false
  }

  private func renew() async throws(APIError) -> ShownCredentials {
    let now = time.now()
    let known = memory.withLockedValue { $0.plugin }
    var plugin = known
    if let program = connection.user.plugin, known == nil || Self.isExpired(known, wallClock()) {
      plugin = try await program.run(for: connection, environment: environment, timeLimit: pluginTimeLimit)
    }
    let before = memory.withLockedValue { $0 }
    var shown = ShownCredentials(token: nil, tls: before.tls, generation: before.generation)
    let materials: Materials
    do throws(Materials.Problem) {
      materials = try Materials(connection, plugin: plugin)
      shown.token = materials.token
      if materials != before.materials {
        shown.generation += 1
        shown.tls = try materials.tls()
      }
    } catch {
      // Files that are being replaced: what was good a minute ago still is, or the server will say.
      guard let last = before.shown else { throw .transport(TransportError(.credentials, error.description)) }
      memory.withLockedValue { $0.readAt = now }
      return last
    }
    memory.withLockedValue { memory in
      memory.shown = shown
      memory.generation = shown.generation
      memory.tls = shown.tls
      memory.materials = materials
      memory.readAt = now
      memory.plugin = plugin
    }
    return shown
  }
}
