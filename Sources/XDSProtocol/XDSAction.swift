package import EnvoyAPI

/// What is to be done after an event on a stream, in this order.
package enum XDSAction<Response: Sendable & Equatable>: Sendable, Equatable {
  /// The client described itself. Proves nothing; comes with the first message, with some clients with every one.
  case node(Envoy_Config_Core_V3_Node)
  /// The client took what it was sent.
  case acknowledged(XDSReceipt)
  /// The client refused what it was sent, and keeps what it had. Nothing is sent for it until the content changes.
  case rejected(XDSRejection)
  case send(Response)
  /// The stream ends; further events on it do nothing.
  case close(XDSStatus)
}

/// Versions that a client now has.
package struct XDSReceipt: Sendable, Equatable {
  package var typeURL: String
  package var versions: [String: String]
}

/// A NACK.
package struct XDSRejection: Sendable, Equatable {
  package var typeURL: String
  /// The versions that were refused, by name.
  package var versions: [String: String]
  /// The client's `google.rpc.Status`; its message cut, and free of control characters.
  package var code: Int32
  package var message: String
}
