/// How the files that this process may have open are shared out among its listeners, so that a flood at one of them leaves
/// the others and the process itself enough.
struct ConnectionShares: Equatable {
  /// For files, the admin port, and connections that are just being turned away.
  static let reserve = 512

  /// Connections of the webhook.
  let webhook: Int
  /// Connections of each listener of the identity server.
  let identity: Int
  /// What is to be warned of; nil when everybody gets what the configuration says.
  let warning: String?

  /// - Parameters:
  ///   - limit: on open files; 0 when it is not known.
  ///   - webhook: connections that the configuration allows.
  ///   - identity: the same for each of the identity server's listeners.
  ///   - listeners: how many those are.
  init(limit: Int, webhook: Int, identity: Int, listeners: Int) {
    let needed = webhook + identity * listeners + Self.reserve
    guard limit > 0, needed > limit else {
      (self.webhook, self.identity, warning) = (webhook, identity, nil)
      return
    }
    let available = max(limit - Self.reserve, limit / 2)
    // What the webhook leaves, but a quarter in any case: without certificates no sidecar starts either.
    let share = listeners > 0 ? max(available - webhook, available / 4) / listeners : 0
    self.identity = max(1, min(identity, share))
    self.webhook = max(1, min(webhook, available - self.identity * listeners))
    warning =
      "\(limit) files may be open, and \(needed) are needed for the connections that are allowed: the webhook takes "
      + "\(self.webhook) of \(webhook)"
      + (listeners > 0 ? ", each of \(listeners) identity listeners \(self.identity) of \(identity)" : "")
      + "; raise the hard limit (ulimit -Hn) or lower server.webhook.maximumConnections and identity.limits.connections"
  }
}
