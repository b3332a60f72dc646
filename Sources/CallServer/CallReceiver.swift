package import GRPCCore
package import NIOCore

/// What answers one call. Lives on the event loop of the call's connection, where all of this is called.
package protocol CallReceiver: AnyObject {
  /// Not called while the call can't be written to: who doesn't read is not listened to.
  func received(_ message: ByteBuffer)
  /// The client sends nothing more.
  func ended()
  /// What was sent went out, after more was sent than is kept for a slow reader.
  func drained()
  /// The call is over, whoever ended it; called once, and nothing after it.
  func closed()
}

/// One method of a service.
package protocol CallMethod: Sendable {
  /// Begins a call, on its event loop: sees to it that the call gets a receiver, or an end.
  func open(_ call: ServerCall, _ evidence: CallerEvidence)
}

/// Methods that belong together.
package protocol CallService: Sendable {
  /// By path; see `MethodDescriptor.path`.
  var methods: [String: any CallMethod] { get }
}

extension MethodDescriptor {
  /// `/SERVICE/METHOD`, as a call has it in its headers.
  package var path: String { "/\(fullyQualifiedMethod)" }
}
