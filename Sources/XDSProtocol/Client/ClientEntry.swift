/// What a client knows of one name.
struct ClientEntry<Content: Sendable>: Sendable {
  /// What the server sent last and was good; nil: nothing, or taken back.
  var received: Received?
  /// What is in use.
  var applied: Applied?
  /// What has to become of what is in use.
  var pending: Pending?
  /// The server has said that there is none, or sent none that is good, or nothing for too long: nobody waits for it.
  var hasNone = false
  /// References to it, of received resources and of those in use.
  var users = 0
  /// References to it, of those in use.
  var appliedUsers = 0
  var refusal: XDSRefusal?

  struct Received: Sendable {
    var version: String
    /// Of the bytes: servers send again what has not changed, under new versions.
    var fingerprint: Int
    var references: [ClientKey]
  }

  struct Applied: Sendable {
    var references: [ClientKey]
  }

  struct Pending: Sendable {
    /// Nil: it goes out of use.
    var content: Content?
    /// Since when; a later change to the same name does not begin the wait anew.
    var since: Duration
  }

  /// Whether there is nothing left to know.
  var isIdle: Bool { received == nil && applied == nil && pending == nil && users == 0 && refusal == nil }
}

/// A resource: index of its type, and name.
struct ClientKey: Sendable, Hashable {
  var type: Int
  var name: String
}
