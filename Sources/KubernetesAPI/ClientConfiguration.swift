/// What a client asks of the API server and grants it.
package struct ClientConfiguration: Sendable {
  /// Names us in the server's audit log; up to the first slash it is the field manager of what we create and update.
  package var userAgent = "amesh"
  /// For an answer from its request to its last byte; a watch has it for the first.
  package var requestTimeout = Duration.seconds(30)
  package var connectTimeout = Duration.seconds(10)
  /// A watch that says nothing for so long is dead: servers send a bookmark each minute.
  package var watchIdleTimeout = Duration.seconds(150)
  /// How long an exec plugin may take.
  package var pluginTimeLimit = Duration.seconds(30)
  package var maximumAnswerBytes = 64 << 20
  package var maximumEventBytes = 8 << 20
  /// Our share of the server's time, all replicas' own: requests a second, and at once.
  package var requestsPerSecond = 50.0
  package var burst = 100.0
  package var retry = RetryPolicy()

  package init() {}
}
