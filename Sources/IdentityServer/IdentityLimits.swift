/// What a client, or all of them together, may take of the server.
package struct IdentityLimits: Sendable, Hashable {
  /// Bytes of a message from a client, before anything in it is looked at.
  package var maximumMessageBytes = 64 << 10
  package var maximumStreamsPerConnection = 128
  /// After this a connection is told to go, give or take `connectionAgeJitter`, so that streams spread over replicas.
  package var maximumConnectionAge: Duration? = .seconds(30 * 60)
  /// A fraction of the age.
  package var connectionAgeJitter = 0.1
  /// What streams have to end once their connection was told to go.
  package var connectionGrace: Duration = .seconds(10)
  /// Silence after which a peer is asked whether it is there, and how long it may think about it.
  package var keepaliveTime: Duration = .seconds(60)
  package var keepaliveTimeout: Duration = .seconds(20)
  /// Names on a stream; a caller has its own and those of trust domains.
  package var maximumNamesPerStream = 64

  package init() {}
}
