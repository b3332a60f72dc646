package import EnvoyAPI

/// What a client asks for, and how long it waits for what is missing.
package struct XDSClientConfiguration: Sendable, Equatable {
  /// In the order in which resources become usable: what is referenced comes before what references it.
  package var types: [XDSClientType]
  /// How the client describes itself, in the first request of a stream.
  package var node: Envoy_Config_Core_V3_Node
  /// How long a resource is held back for one that it references by name, and a removed one kept for its users.
  package var warmingTime: Duration
  /// The same where the reference is to a type that is asked for as a whole: such a server sends references first, so
  /// what is missing then hardly ever comes.
  package var absenceTime: Duration
  /// Of one type; what comes beyond them is refused.
  package var maximumResources: Int
  package var maximumNameBytes: Int

  package init(
    types: [XDSClientType],
    node: Envoy_Config_Core_V3_Node = .init(),
    warmingTime: Duration = .seconds(15),
    absenceTime: Duration = .seconds(2),
    maximumResources: Int = 200_000,
    maximumNameBytes: Int = 2048
  ) {
    self.types = types
    self.node = node
    self.warmingTime = warmingTime
    self.absenceTime = absenceTime
    self.maximumResources = maximumResources
    self.maximumNameBytes = maximumNameBytes
  }
}

/// One type of resources.
package struct XDSClientType: Sendable, Hashable {
  package var typeURL: String
  /// Asked for as a whole, without names; else by the names that other resources reference.
  package var isWildcard: Bool

  package init(typeURL: String, isWildcard: Bool) {
    self.typeURL = typeURL
    self.isWildcard = isWildcard
  }

  /// `Cluster`, for people.
  var noun: Substring { typeURL.split { $0 == "." || $0 == "/" }.last ?? "Resource" }
}
