import AsyncHTTPClient
import KubernetesObjects
import NIOCore

extension HTTPKubernetesClient {
  package func watch(
    _ resource: KubernetesResource,
    _ query: WatchQuery,
    receive: (WatchEvent) async throws(APIError) -> Void
  ) async throws(APIError) {
    var call = try Call(.watch, resource, namespace: query.selection.namespace)
    call.select(query.selection)
    call.query += [
      ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", query.resourceVersion),
      ("timeoutSeconds", "\(max(1, query.timeout.components.seconds))"),
    ]
    // Whether and when a watch is begun again is the caller's to say.
    let response = try await attempt(call) { $0 }
    try await receive(.opened)
    var lines = WatchLines(limit: configuration.maximumEventBytes)
    var chunks = response.body.makeAsyncIterator()
    while true {
      let chunk: HTTPClientResponse.Body.Element?
      do {
        chunk = try await chunks.next()
      } catch {
        throw Task.isCancelled ? .transport(TransportError(.cancelled, "")) : APIError(error)
      }
      guard let chunk else { break }
      for line in try lines.append(chunk.readableBytesView) {
        if let event = try WatchEvent(line: line) { try await receive(event) }
      }
    }
    if lines.isWithinLine { throw .transport(TransportError(.cut, "a watch ended within an event")) }
  }
}

extension WatchEvent {
  /// Nil for an event of a type that we do not know.
  init?(line: [UInt8]) throws(APIError) {
    let document: JSONDocument
    do {
      document = try JSONDocument(parsing: line)
    } catch {
      throw .invalidAnswer("an event of a watch: \(error)")
    }
    try self.init(document)
  }
}
