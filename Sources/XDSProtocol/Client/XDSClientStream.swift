package import EnvoyAPI
import SwiftProtobuf

/// The client's side of ADS, across streams: what a server says and the clock go in, what is to be done comes out.
///
/// - Types of the configuration are asked for as a whole or by the names that good resources reference; names are asked
///   for as soon as they are referenced, and given up when nothing references them any more.
/// - A resource comes into use when all that it references is in use or is known not to exist, or after
///   `warmingTime`; one that the server has taken back goes when nothing in use references it, or after that time.
///   Until the first configuration is complete nothing comes into use: a part of it may be worse than an older whole.
/// - Each response is answered at once. Good resources of it count, bad ones are named in the NACK with the reason, and
///   the last good one stays. Content that was sent before is not read again, whatever its version.
/// - A lost stream changes nothing. The next one names what the client has (`initial_resource_versions`, or the last
///   version), so that a server can send only what differs.
package struct XDSClientStream<Reader: XDSResourceReader>: Sendable {
  package typealias Action = XDSClientAction<Reader.Content>

  package enum Variant: Sendable, Hashable {
    case delta
    case stateOfTheWorld
  }

  /// Takes effect with the next stream.
  package var variant: Variant
  /// Takes effect with the next stream.
  package var node: Envoy_Config_Core_V3_Node

  let reader: Reader
  var state: ClientState<Reader.Content>
  /// What the stream that is open has asked for, by type.
  var sides: [TypeSide]
  private var hasSentNode = false
  private var isConnected = false
  private var hasToldReady = false
  private(set) var openVariant = Variant.delta

  /// What goes over one stream about one type.
  struct TypeSide: Sendable {
    var isOpen = false
    var nonce = ""
    /// State of the world: of the last response that was good; outlives the stream.
    var version = ""
    /// State of the world: names in the last response, by the fingerprint of what they stand for.
    var names: [Int: String] = [:]
    /// Names that the server was told.
    var asked: Set<String> = []
  }

  package init(configuration: XDSClientConfiguration, variant: Variant, reader: Reader) {
    self.variant = variant
    self.reader = reader
    node = configuration.node
    state = ClientState(configuration: configuration)
    sides = configuration.types.map { _ in TypeSide() }
  }

  // MARK: - Events

  /// A stream is open.
  package mutating func connected() -> [Action] {
    isConnected = true
    hasSentNode = false
    openVariant = variant
    for type in sides.indices {
      sides[type] = TypeSide(version: sides[type].version, names: sides[type].names)
    }
    // Names follow from what is asked for as a whole.
    let types = state.configuration.types
    let order = types.indices.filter { types[$0].isWildcard } + types.indices.filter { !types[$0].isWildcard }
    return order.compactMap { open($0) }
  }

  package mutating func disconnected() { isConnected = false }

  package mutating func receive(
    _ response: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse,
    now: Duration
  ) -> [Action] {
    guard isConnected, openVariant == .delta else { return [] }
    guard let type = state.index(of: response.typeURL) else { return [.unexpected(typeURL: response.typeURL)] }
    sides[type].nonce = response.nonce
    var intake = Intake(type: type)
    for name in response.removedResources { state.remove(ClientKey(type: type, name: name), now: now) }
    for resource in response.resources where resource.hasResource {
      take(resource.resource, name: resource.name, version: resource.version, into: &intake, now: now)
    }
    state.answered(type, now: now)
    return [answer(type, intake)] + finish(intake, now: now)
  }

  package mutating func receive(
    _ response: Envoy_Service_Discovery_V3_DiscoveryResponse,
    now: Duration
  ) -> [Action] {
    guard isConnected, openVariant == .stateOfTheWorld else { return [] }
    guard let type = state.index(of: response.typeURL) else { return [.unexpected(typeURL: response.typeURL)] }
    sides[type].nonce = response.nonce
    var intake = Intake(type: type)
    for resource in response.resources {
      take(resource, name: nil, version: response.versionInfo, into: &intake, now: now)
    }
    sides[type].names = intake.fingerprints
    // What can't be named may be any of those that seem to be missing.
    if state.configuration.types[type].isWildcard, !intake.hasNameless {
      let gone = state.entries[type].filter { !intake.names.contains($0.key) }.map(\.key)
      for name in gone { state.remove(ClientKey(type: type, name: name), now: now) }
    }
    if intake.problems.isEmpty { sides[type].version = response.versionInfo }
    state.answered(type, now: now)
    let news = finish(intake, now: now, except: type)
    return [answer(type, intake)] + news
  }

  /// Time has passed.
  package mutating func tick(now: Duration) -> [Action] { settle(now: now) + asks() }

  /// When to call ``tick(now:)`` if nothing comes.
  package var deadline: Duration? { state.deadline }

  // MARK: - For people

  /// Resources whose last version was refused.
  package var refusals: [XDSRefusal] {
    state.entries.flatMap { $0.values.compactMap(\.refusal) }
      .sorted { ($0.resource.typeURL, $0.resource.name) < ($1.resource.typeURL, $1.resource.name) }
  }

  package var standings: [XDSTypeStanding] {
    state.configuration.types.indices.map { type in
      let entries = state.entries[type].values
      return XDSTypeStanding(
        typeURL: state.configuration.types[type].typeURL,
        received: entries.count { $0.received != nil },
        applied: entries.count { $0.applied != nil },
        waiting: entries.count { $0.pending != nil },
        refused: entries.count { $0.refusal != nil },
        subscribed: state.subscriptions[type].count
      )
    }
  }

  // MARK: - Steps

  private mutating func finish(_ intake: Intake, now: Duration, except: Int? = nil) -> [Action] {
    intake.refusals.map { .refused($0) } + settle(now: now) + asks(except: except)
  }

  private mutating func settle(now: Duration) -> [Action] {
    let change = state.settle(now: now)
    var actions: [Action] = change.isEmpty ? [] : [.apply(change)]
    if state.isInUse, !hasToldReady {
      hasToldReady = true
      actions.append(.ready)
    }
    return actions
  }

  /// Requests for names that came to be wanted, or are no longer.
  private mutating func asks(except: Int? = nil) -> [Action] {
    guard isConnected else { return [] }
    return sides.indices.compactMap { type in
      guard state.subscriptions[type] != sides[type].asked, type != except else { return nil }
      return sides[type].isOpen ? ask(type) : open(type)
    }
  }

  /// The first request of a type; none while there is nothing to ask for, since without names all would be meant.
  private mutating func open(_ type: Int) -> Action? {
    let names = state.subscriptions[type]
    guard state.configuration.types[type].isWildcard || !names.isEmpty else { return nil }
    sides[type].isOpen = true
    sides[type].asked = names
    return request(type, subscribe: names, known: state.versions(type))
  }

  private mutating func ask(_ type: Int) -> Action {
    let names = state.subscriptions[type]
    let asked = sides[type].asked
    sides[type].asked = names
    return request(type, subscribe: names.subtracting(asked), unsubscribe: asked.subtracting(names))
  }

  private mutating func answer(_ type: Int, _ intake: Intake) -> Action {
    if openVariant == .stateOfTheWorld { sides[type].asked = state.subscriptions[type] }
    return request(type, answers: true, error: intake.status(configuration: state.configuration))
  }

  private mutating func request(
    _ type: Int,
    subscribe: Set<String> = [],
    unsubscribe: Set<String> = [],
    known: [String: String] = [:],
    answers: Bool = false,
    error: Google_Rpc_Status? = nil
  ) -> Action {
    let typeURL = state.configuration.types[type].typeURL
    let node = hasSentNode ? nil : node
    let side = sides[type]
    hasSentNode = true
    switch openVariant {
    case .delta:
      return .send(
        .delta(
          .with {
            if let node { $0.node = node }
            $0.typeURL = typeURL
            $0.resourceNamesSubscribe = subscribe.sorted()
            $0.resourceNamesUnsubscribe = unsubscribe.sorted()
            $0.initialResourceVersions = known
            if answers { $0.responseNonce = side.nonce }
            if let error { $0.errorDetail = error }
          }
        )
      )
    case .stateOfTheWorld:
      return .send(
        .stateOfTheWorld(
          .with {
            if let node { $0.node = node }
            $0.typeURL = typeURL
            $0.resourceNames = side.asked.sorted()
            $0.versionInfo = side.version
            $0.responseNonce = side.nonce
            if let error { $0.errorDetail = error }
          }
        )
      )
    }
  }
}

/// What there is of one type, for people.
package struct XDSTypeStanding: Sendable, Hashable {
  package var typeURL: String
  package var received: Int
  package var applied: Int
  package var waiting: Int
  package var refused: Int
  /// Names asked for; 0 where all is asked for.
  package var subscribed: Int
}
