package import KubernetesAPI
package import KubernetesObjects

/// The twin of an API server: what a client can tell apart by its answers is the same, and what goes wrong goes wrong when
/// a test says so.
package final class InMemoryAPIServer: Sendable {
  struct Watcher: Sendable {
    var resource: KubernetesResource
    var selection: ObjectSelection
    var events: AsyncThrowingStream<WatchEvent, any Error>.Continuation
  }

  package struct State: Sendable {
    var objects = TwinState()
    var watchers: [Int: Watcher] = [:]
    var faults: [TwinFault] = []
    var isHolding = false
    var tokens: [String: TwinToken] = [:]
    var documents: [String: [UInt8]] = [:]
    var isAllowed: @Sendable (JSONValue) -> Bool = { _ in true }
    /// Every request, in order of arrival.
    package var requests: [TwinRequest] = []
    /// How many requests wait for the server to answer again.
    package var held = 0

    package var watchCount: Int { watchers.count }
    package func requests(_ verb: String, _ resource: KubernetesResource) -> Int {
      requests.count { $0.verb == verb && $0.resource == resource }
    }
  }

  /// What tests look at and wait for.
  package let observed: Observed<State>

  /// A server with the namespaces that every cluster has.
  package init() {
    var state = State()
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
      let namespace: JSONValue = ["metadata": ["name": .string(name), "labels": .object([:])]]
      _ = try? state.objects.create(.namespaces, namespace, namespace: nil)
    }
    state.documents["/version"] = Array(#"{"major":"1","minor":"33","gitVersion":"v1.33.0"}"#.utf8)
    state.documents["/openid/v1/jwks"] = Array(#"{"keys":[]}"#.utf8)
    observed = Observed(state)
  }

  // MARK: What tests do to it

  package func fail(_ fault: TwinFault) { observed.change { $0.faults.append(fault) } }

  /// The server is gone: connections break, and requests fail until ``comeBack()``.
  package func goAway() {
    observed.change { $0.faults.insert(TwinFault(.unreachable, count: .max), at: 0) }
    endWatches(throwing: .cut)
  }

  package func comeBack() { observed.change { $0.faults = [] } }

  /// Requests are taken and not answered until ``answer()``.
  package func hold() { observed.change { $0.isHolding = true } }

  package func answer() { observed.change { $0.isHolding = false } }

  /// Ends every watch: in peace, as servers do it every few minutes, or not.
  package func endWatches(throwing error: APIError? = nil) {
    let watchers = observed.change { state in
      defer { state.watchers = [:] }
      return state.watchers.values.map { $0 }
    }
    for watcher in watchers { watcher.events.finish(throwing: error) }
  }

  /// Tells every watch how far it has come.
  package func sendBookmarks() {
    observed.change { state in
      let version = "\(state.objects.version)"
      for watcher in state.watchers.values { watcher.events.yield(.bookmark(resourceVersion: version)) }
    }
  }

  /// Tells every watch something that nobody did.
  package func send(_ event: WatchEvent) {
    observed.change { state in
      for watcher in state.watchers.values { watcher.events.yield(event) }
    }
  }

  /// Forgets the past: older resourceVersions and unfinished lists are gone.
  package func compact() { observed.change { $0.objects.compact() } }

  /// What a path answers.
  package func serve(_ path: String, _ document: [UInt8]) { observed.change { $0.documents[path] = document } }

  /// Answers access reviews by their `spec`.
  package func allow(_ isAllowed: @escaping @Sendable (JSONValue) -> Bool) {
    observed.change { $0.isAllowed = isAllowed }
  }

  // MARK: Requests

  /// Writes down that a request came, and answers it as the faults have it.
  func answer<Result: Sendable>(
    _ request: TwinRequest,
    _ body: @Sendable (inout State) throws(APIError) -> Result
  ) async throws(APIError) -> Result {
    let fault = observed.change { state in
      state.requests.append(request)
      return state.takeFault(request)
    }
    if observed.state.isHolding {
      observed.change { $0.held += 1 }
      await observed.wait { !$0.isHolding }
      observed.change { $0.held -= 1 }
    }
    if Task.isCancelled { throw .transport(TransportError(.cancelled, "")) }
    if let fault, fault.moment == .before { throw fault.error }
    let outcome = observed.change { state -> Swift.Result<Result, APIError> in
      let past = state.objects.history.count
      do throws(APIError) {
        let result = try body(&state)
        state.tellWatchers(state.objects.history.dropFirst(past))
        return .success(result)
      } catch {
        return .failure(error)
      }
    }
    if let fault { throw fault.error }
    return try outcome.get()
  }
}

extension InMemoryAPIServer.State {
  fileprivate mutating func takeFault(_ request: TwinRequest) -> TwinFault? {
    guard let place = faults.firstIndex(where: { $0.matches(request) }) else { return nil }
    let fault = faults[place]
    if fault.count <= 1 { faults.remove(at: place) } else if fault.count < .max { faults[place].count -= 1 }
    return fault
  }

  fileprivate func tellWatchers(_ changes: ArraySlice<TwinState.Change>) {
    for change in changes {
      for watcher in watchers.values {
        if let event = change.event(for: watcher.selection, of: watcher.resource) { watcher.events.yield(event) }
      }
    }
  }
}

extension TwinState.Change {
  /// What a watch is told of this; nil for nothing. What leaves the selection is gone, what enters it is new.
  func event(for selection: ObjectSelection, of resource: KubernetesResource) -> WatchEvent? {
    guard place.resource == resource else { return nil }
    let was = before.map { selection.matches($0) } ?? false
    if let after, selection.matches(after) {
      return (try? TwinState.document(after)).map { was ? .modified($0.root) : .added($0.root) }
    }
    guard was, var last = before else { return nil }
    // A deletion is a version of its own.
    if var metadata = last["metadata"] {
      metadata["resourceVersion"] = .string("\(version)")
      last["metadata"] = metadata
    }
    return (try? TwinState.document(last)).map { .deleted($0.root) }
  }
}
