package struct SinkConfiguration: Sendable, Equatable {
  /// Between two changes of the version at least. Each makes every worker of APISIX read and check all objects.
  package var interval: Duration
  /// An object that does nothing and is always there: with none at all some workers keep what they had.
  package var anchor: (key: String, value: [UInt8])
  /// After a change of the version until all workers have read it: they look once a second, and once more in 0.1 s.
  package var pickup: Duration
  /// After a failed write, doubled from the first to the longest.
  package var firstRetry: Duration
  package var longestRetry: Duration

  package init(
    interval: Duration = .milliseconds(200),
    anchor: (key: String, value: [UInt8]) = Self.anchor,
    pickup: Duration = .milliseconds(1500),
    firstRetry: Duration = .seconds(1),
    longestRetry: Duration = .seconds(30)
  ) {
    self.interval = interval
    self.anchor = anchor
    self.pickup = pickup
    self.firstRetry = firstRetry
    self.longestRetry = longestRetry
  }

  package static let anchor = (key: "/plugin_configs/amesh", value: Array(#"{"id":"amesh","plugins":{}}"#.utf8))

  package static func == (one: Self, other: Self) -> Bool {
    one.interval == other.interval && one.anchor == other.anchor && one.pickup == other.pickup
      && one.firstRetry == other.firstRetry && one.longestRetry == other.longestRetry
  }
}
