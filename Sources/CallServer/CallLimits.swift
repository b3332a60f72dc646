/// What a client, or all of them together, may take of the server. Connections are counted for each listener by itself, so
/// that a flood over the network leaves the Unix socket alone.
package struct CallLimits: Sendable, Hashable {
  /// Open connections in all, each of which takes a descriptor.
  package var maximumConnections = 16_384
  /// Open connections from one address, an IPv6 network of 64 bits counting as one: a quarter of all, since a whole
  /// node may come from one address. Unix sockets have no addresses.
  package var maximumConnectionsPerAddress = 4_096
  /// What a peer may take for the TLS handshake, and then again until the beginning of its HTTP/2 is there.
  package var handshakeTimeout: Duration = .seconds(10)
  /// Bytes of a message from a client, before anything in it is looked at.
  package var maximumMessageBytes = 64 << 10
  package var maximumStreamsPerConnection = 128
  /// Calls at a time, streams among them: of all callers, of one identity, and of one Pod where its credential names it.
  /// An identity may be that of thousands of Pods; a sidecar needs three or four.
  package var maximumStreams = 65_536
  package var maximumStreamsPerIdentity = 16_384
  package var maximumStreamsPerPod = 64
  /// After this a connection is told to go, give or take `connectionAgeJitter`, so that streams spread over replicas.
  package var maximumConnectionAge: Duration? = .seconds(30 * 60)
  /// A fraction of the age.
  package var connectionAgeJitter = 0.1
  /// What streams have to end once their connection was told to go.
  package var connectionGrace: Duration = .seconds(10)
  /// What a peer gets on top of it to close the connection itself, before it is cut off.
  package var departureMargin: Duration = .seconds(2)
  /// Silence after which a peer is asked whether it is there, and how long it may think about it. One that says nothing
  /// for both and the grace is cut off.
  package var keepaliveTime: Duration = .seconds(60)
  package var keepaliveTimeout: Duration = .seconds(20)

  package init() {}
}
