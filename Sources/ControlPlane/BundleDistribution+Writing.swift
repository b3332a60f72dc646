import KubernetesAPI
import KubernetesObjects
import Logging
import NIOConcurrencyHelpers

extension BundleDistribution {
  /// The control plane's own namespace, then by name.
  static func comesFirst(_ one: String, _ other: String, home: String) -> Bool {
    if one == home || other == home { return one == home && other != home }
    return one < other
  }

  /// Writes one namespace's ConfigMap, if that is still ours to do.
  func mend(_ namespace: String, _ held: HeldBundle?) async {
    // The bundle of this moment, and not of the round's beginning: never an older one after a newer one.
    guard !Task.isCancelled, leads() else { return }
    memory.withLockedValue { $0.ledger.begins(namespace, at: time.now()) }
    var held = held
    if held == nil {
      // The watch may only be late, and an apply over nothing in particular would be one over a newer bundle too.
      do throws(APIError) {
        held = try await client.find(.configMaps, key(namespace)).flatMap { reader.read($0.root) }
      } catch {
        return failed(namespace, error)
      }
    }
    guard leads(), let wanted = wanted() else { return }
    switch BundleDecision.of(held, wanted, isHome: namespace == names.namespace) {
    case .keep: return
    case .write: break
    case .doubt(let generation):
      let newest = await newestGeneration()
      // A later leader has written it, and its state will reach us: unless no state is as late as that.
      guard let newest, newest < generation else {
        return memory.withLockedValue { memory in
          memory.ledger.failed(namespace, at: time.now(), draw: draw(), retryAfter: nil)
        }
      }
    }
    do throws(APIError) {
      let object = configMap(namespace, wanted, over: held)
      try await client.apply(.configMaps, object, fieldManager: Self.fieldManager, force: true)
      succeeded(namespace)
    } catch {
      failed(namespace, error)
    }
  }

  private func configMap(_ namespace: String, _ wanted: WantedBundle, over held: HeldBundle?) -> JSONValue {
    var metadata: JSONValue = [
      "name": .string(names.trustBundle),
      "namespace": .string(namespace),
      "labels": ["app.kubernetes.io/part-of": "amesh"],
      "annotations": .object(JSONObject([(PublishedBundle.generationName, .string("\(wanted.generation)"))])),
    ]
    // Only over what was looked at: a newer one that was written meanwhile stays.
    if let held { metadata["resourceVersion"] = .string(held.resourceVersion) }
    return [
      "apiVersion": "v1",
      "kind": "ConfigMap",
      "metadata": metadata,
      "data": .object(JSONObject([(PublishedBundle.key, .string(wanted.pem))])),
    ]
  }

  private func succeeded(_ namespace: String) {
    memory.withLockedValue { memory in
      memory.problems[namespace] = nil
      memory.ledger.succeeded(namespace)
    }
  }

  private func failed(_ namespace: String, _ error: APIError) {
    let now = time.now()
    let isNew = memory.withLockedValue { memory in
      // Where we may not write, nobody waits for us to.
      let atLeast: Duration = error.isForbidden ? .seconds(300) : .zero
      memory.ledger.failed(namespace, at: now, draw: draw(), retryAfter: error.retryAfter, atLeast: atLeast)
      defer { memory.problems[namespace] = error }
      return memory.problems[namespace]?.description != error.description
    }
    // A conflict says that the watch has something to tell.
    if isNew, !error.isConflict, !error.isCancelled {
      logger.warning(
        "The trust bundle can't be written",
        metadata: ["namespace": "\(namespace)", "error": "\(error)"]
      )
    }
  }
}
