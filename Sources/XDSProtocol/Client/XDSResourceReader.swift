package import SwiftProtobuf

/// What becomes of a resource's bytes: who applies resources knows how to read them, the stream does not.
package protocol XDSResourceReader: Sendable {
  associatedtype Content: Sendable

  /// - Parameter resource: of one of the configured types.
  func read(_ resource: Google_Protobuf_Any) throws(XDSResourceProblem) -> XDSReading<Content>
}

/// A resource that can be used.
package struct XDSReading<Content: Sendable>: Sendable {
  package var name: String
  /// The resources that it can't do without. Those of types that are asked for by name are asked for.
  package var references: [XDSReference]
  package var content: Content

  package init(name: String, references: [XDSReference] = [], content: Content) {
    self.name = name
    self.references = references
    self.content = content
  }
}

/// A resource by type and name.
package struct XDSReference: Sendable, Hashable {
  package var typeURL: String
  package var name: String

  package init(typeURL: String, name: String) {
    self.typeURL = typeURL
    self.name = name
  }
}

/// Why a resource can't be used, for the operator of the server that sent it.
package struct XDSResourceProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// Nil where the resource is too broken to have one.
  package var name: String?
  package var reason: String

  package init(name: String? = nil, reason: String) {
    self.name = name
    self.reason = reason
  }

  package var description: String { reason }
}
