import EnvoyAPI

/// What a stream knows of one type: its subscriptions, by name, and the last response.
struct SubscribedType: Sendable, Equatable {
  let typeURL: String
  /// Ordered by name, each name once.
  private(set) var subscriptions: [Subscription] = []
  /// 0: there was no response yet.
  var lastNonce: UInt64 = 0

  init(typeURL: String) { self.typeURL = typeURL }

  // MARK: - Names

  /// State of the world: these names and no others. What the client was told of a name that stays is kept.
  mutating func set(_ names: [String]) {
    var kept = subscriptions[...]
    var next: [Subscription] = []
    next.reserveCapacity(names.count)
    for name in names.sorted() where next.last?.name != name {
      while let first = kept.first, first.name < name { kept.removeFirst() }
      if let first = kept.first, first.name == name {
        next.append(first)
      } else {
        next.append(Subscription(name: name))
      }
    }
    subscriptions = next
  }

  /// State of the world: none but these names.
  mutating func keep(_ names: [String]) {
    let names = Set(names)
    subscriptions.removeAll { !names.contains($0.name) }
  }

  /// Delta: one more name. Asked for again, it is told again: the client may have forgotten it (xDS protocol,
  /// "Subscribing to Resources"). `known` is the version that the client has from an earlier stream.
  mutating func add(_ name: String, known: String?) {
    var subscription = Subscription(name: name)
    if let known {
      subscription.told = .version(known)
      subscription.standing = .acknowledged
    }
    let index = position(of: name)
    if index < subscriptions.count, subscriptions[index].name == name {
      subscriptions[index] = subscription
    } else {
      subscriptions.insert(subscription, at: index)
    }
  }

  mutating func remove(_ name: String) {
    let index = position(of: name)
    if index < subscriptions.count, subscriptions[index].name == name { subscriptions.remove(at: index) }
  }

  private func position(of name: String) -> Int {
    var low = 0
    var high = subscriptions.count
    while low < high {
      let middle = low + (high - low) / 2
      if subscriptions[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: - Answers of the client

  /// An ACK or NACK of a response, however old, counts for what that response told and no later one has told anew. An
  /// answer that comes twice counts once.
  mutating func answered<Response>(
    _ nonce: UInt64,
    error: Google_Rpc_Status?
  ) -> XDSAction<Response>? {
    var versions: [String: String] = [:]
    var counts = false
    for index in subscriptions.indices where subscriptions[index].nonce == nonce {
      guard subscriptions[index].standing == .unanswered else { continue }
      subscriptions[index].standing = error == nil ? .acknowledged : .rejected
      counts = true
      if case .version(let version) = subscriptions[index].told { versions[subscriptions[index].name] = version }
    }
    guard counts else { return nil }
    if let error {
      return .rejected(
        XDSRejection(typeURL: typeURL, versions: versions, code: error.code, message: error.message.printable(1024))
      )
    }
    return versions.isEmpty ? nil : .acknowledged(XDSReceipt(typeURL: typeURL, versions: versions))
  }

  /// The version of a name that the client has said it took, from this stream or an earlier one.
  func acknowledgedVersion(of name: String) -> String? {
    let index = position(of: name)
    guard index < subscriptions.count, subscriptions[index].name == name,
      subscriptions[index].standing == .acknowledged, case .version(let version) = subscriptions[index].told
    else { return nil }
    return version
  }

  /// Of these names, those whose version the client brought from an earlier stream and that are up to date.
  func brought(_ names: [String], resources: some XDSResources) -> [String: String] {
    var versions: [String: String] = [:]
    for name in names {
      guard let version = acknowledgedVersion(of: name),
        case .found(let resource) = resources.lookUp(name, typeURL: typeURL), resource.version == version
      else { continue }
      versions[name] = version
    }
    return versions
  }

  func isSubscribed(to name: String) -> Bool {
    let index = position(of: name)
    return index < subscriptions.count && subscriptions[index].name == name
  }

  // MARK: - News

  /// All that the client has not been told, which it is told by this response.
  mutating func news(
    from resources: some XDSResources,
    nonce: UInt64,
    tellsAbsence: Bool
  ) throws(XDSStatus) -> (resources: [(name: String, resource: XDSResource)], absent: [String]) {
    var found: [(name: String, resource: XDSResource)] = []
    var absent: [String] = []
    for index in subscriptions.indices {
      let name = subscriptions[index].name
      switch try subscriptions[index].news(resources.lookUp(name, typeURL: typeURL)) {
      case .none: continue
      case .resource(let resource):
        subscriptions[index].tell(.version(resource.version), nonce: nonce)
        found.append((name, resource))
      case .absence where tellsAbsence:
        subscriptions[index].tell(.absence, nonce: nonce)
        absent.append(name)
      case .absence: continue
      }
    }
    return (found, absent)
  }
}
