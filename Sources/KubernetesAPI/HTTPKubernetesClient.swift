import AsyncHTTPClient
package import FoundationEssentials
import KubernetesObjects
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// An API server over HTTPS.
///
/// As a service it does nothing but close its connections in the end, so it stands before those that use it.
package final class HTTPKubernetesClient: Service {
  let configuration: ClientConfiguration
  let address: ServerAddress
  let http: HTTPClient
  let time: Timekeeper
  private let credentials: Credentials
  private let gate: RequestGate
  private let draw: @Sendable () -> Double

  /// - Parameters:
  ///   - environment: of the process, for exec plugins.
  ///   - time: for limits and waits.
  ///   - wallClock: when a plugin's credentials expire is a time of day.
  ///   - draw: chance, 0 to 1.
  package init(
    _ connection: ClusterConnection,
    configuration: ClientConfiguration = ClientConfiguration(),
    environment: [String: String] = [:],
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) throws(ClusterConnectionError) {
    self.configuration = configuration
    self.time = time
    self.draw = draw
    address = try ServerAddress(connection)
    credentials = Credentials(
      connection,
      environment: environment,
      time: time,
      wallClock: wallClock,
      pluginTimeLimit: configuration.pluginTimeLimit
    )
    gate = RequestGate(rate: configuration.requestsPerSecond, burst: configuration.burst, time: time)
    var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
    // On HTTP/2 everything shares one connection, and one that is dead takes all requests with it until the kernel notices.
    settings.httpVersion = .http1Only
    settings.dnsOverride = address.overrides
    settings.timeout.connect = TimeAmount(configuration.connectTimeout)
    settings.timeout.read = TimeAmount(configuration.watchIdleTimeout)
    settings.connectionPool.retryConnectionEstablishment = false
    // Each watch holds one.
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    // Servers close what is idle for longer.
    settings.connectionPool.idleTimeout = .seconds(45)
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  package func run() async throws {
    try? await gracefulShutdown()
    await shutdown()
  }

  /// Closes every connection; requests after this fail.
  package func shutdown() async {
    // A second time is no trouble of anybody's.
    try? await http.shutdown()
  }

  // MARK: One request

  /// Sends a request until it is answered, or the policy says that it is the caller's turn.
  func send(_ call: Call) async throws(APIError) -> [UInt8] {
    var failures = 0
    while true {
      do {
        return try await attempt(call) { response in try await self.body(of: response) }
      } catch {
        failures += 1
        let isRead = call.method == .GET
        guard
          let wait = configuration.retry.wait(after: error, isRead: isRead, failures: failures, draw: draw())
        else { throw error }
        do {
          try await time.sleep(wait)
        } catch {
          throw APIError(error)
        }
      }
    }
  }

  /// Sends it once; a second time with renewed credentials where the server refused those that we had.
  ///
  /// - Parameter read: takes what is wanted of an answer, within the request's time limit.
  func attempt<Result: Sendable>(
    _ call: Call,
    read: @escaping @Sendable (HTTPClientResponse) async throws -> Result
  ) async throws(APIError) -> Result {
    do {
      try await gate.pass(call.priority)
    } catch {
      throw APIError(error)
    }
    let shown = try await credentials.current()
    do {
      return try await exchange(call, shown, read: read)
    } catch let error where error.isUnauthorized {
      guard try await credentials.renewed(after: shown) else { throw error }
      return try await exchange(call, try await credentials.current(), read: read)
    }
  }

  private func exchange<Result: Sendable>(
    _ call: Call,
    _ shown: ShownCredentials,
    read: @escaping @Sendable (HTTPClientResponse) async throws -> Result
  ) async throws(APIError) -> Result {
    let request = request(call, shown)
    let limit = configuration.requestTimeout
    do {
      let result = try await time.limit(limit) {
        // Our own limit goes to the answer's last byte.
        let response = try await self.http.execute(request, timeout: .hours(1))
        guard (200...299).contains(response.status.code) else {
          throw APIError.refused(
            KubernetesError(
              code: Int(response.status.code),
              body: try await self.body(of: response),
              retryAfter: response.headers.first(name: "retry-after")
            )
          )
        }
        return try await read(response)
      }
      guard let result else {
        throw APIError.transport(TransportError(.timedOut, "\(call.method) \(call.path) took longer than \(limit)"))
      }
      return result
    } catch {
      // What a task that is over was doing has not failed.
      throw Task.isCancelled ? .transport(TransportError(.cancelled, "")) : APIError(error)
    }
  }

  private func request(_ call: Call, _ shown: ShownCredentials) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: address.base + call.path + RequestTarget.query(call.query))
    request.method = call.method
    request.tlsConfiguration = shown.tls
    // Not only: the API server answers with 406 where it has a type of its own, `application/jwk-set+json`.
    request.headers.add(name: "accept", value: "application/json, */*;q=0.5")
    request.headers.add(name: "user-agent", value: configuration.userAgent)
    if let token = shown.token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
    if let body = call.body {
      request.headers.add(name: "content-type", value: call.contentType)
      request.body = .bytes(ByteBuffer(bytes: body))
    }
    return request
  }

  private func body(of response: HTTPClientResponse) async throws -> [UInt8] {
    let limit = configuration.maximumAnswerBytes
    var bytes: [UInt8] = []
    for try await chunk in response.body {
      guard chunk.readableBytes <= limit - bytes.count else {
        throw TransportError(.tooLarge, "it has more than \(limit) bytes")
      }
      bytes += chunk.readableBytesView
    }
    return bytes
  }
}

extension TimeAmount {
  fileprivate init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .milliseconds(min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000)
  }
}
