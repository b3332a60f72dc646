import EnvoyAPI
import NIOCore

/// One StreamSecrets call that takes what it is sent.
final class SecretStream {
  let names: [String]
  /// Of the newest response.
  private(set) var version = ""
  /// Called after a response with a new version was acknowledged.
  var onSecrets: (SecretStream) -> Void = { _ in }
  var onEnd: (CallStatus) -> Void = { _ in }
  private var call: Call?

  init(names: [String]) { self.names = names }

  /// - Parameter isSilent: nothing is asked for: the server is left with an open stream.
  func open(on connection: Connection, token: String, isSilent: Bool = false) {
    let call = Call { [weak self] in
      self?.received($0)
    } onEnd: { [weak self] status in
      self?.onEnd(status)
    }
    self.call = call
    connection.open(call, method: Method.streamSecrets, token: token)
    if !isSilent { send(.subscribe(names)) }
  }

  func cancel() { call?.cancel() }

  private func send(_ request: DiscoveryRequest) {
    guard let bytes = try? ByteBuffer(framing: request) else { return }
    call?.send(bytes)
  }

  private func received(_ message: ByteBuffer) {
    guard let response = try? message.decoded(as: DiscoveryResponse.self) else {
      call?.cancel()
      return
    }
    send(.acknowledge(response, names))
    let isNew = response.versionInfo != version
    version = response.versionInfo
    if isNew { onSecrets(self) }
  }
}
