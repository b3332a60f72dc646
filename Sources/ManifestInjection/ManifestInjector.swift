package import Injection
package import KubernetesObjects

/// Injects the Pods of manifests offline, as the webhook would when they are created.
///
/// A namespace that the manifest describes counts with its labels. Of any other nothing is known, and as the user asked
/// for injection by name it is taken as labelled `injection: enabled`, unless `namespaceLabels` says otherwise.
package struct ManifestInjector {
  package var injector: Injector
  package var cluster: ClusterCapabilities
  /// For objects that name no namespace.
  package var defaultNamespace: String
  /// Labels of namespaces that the manifest does not describe.
  package var namespaceLabels: [String: String]?

  package init(
    injector: Injector,
    cluster: ClusterCapabilities = ClusterCapabilities(),
    defaultNamespace: String = "default",
    namespaceLabels: [String: String]? = nil
  ) {
    self.injector = injector
    self.cluster = cluster
    self.defaultNamespace = defaultNamespace
    self.namespaceLabels = namespaceLabels
  }

  package struct Report: Sendable, Equatable {
    package var workload: Workload
    package var namespace: String
    package var explanation: Explanation
    /// RFC 6902 for the whole object, empty when there is nothing to change.
    package var patch: JSONPatch

    package var outcome: InjectionOutcome { explanation.outcome }
  }

  /// - Returns: the objects with their Pods injected, others untouched and all in their order, and a report for each Pod.
  package func inject(_ objects: [JSONValue]) -> (objects: [JSONValue], reports: [Report]) {
    let namespaces = describedNamespaces(objects)
    var reports: [Report] = []
    let injected = objects.map { object in
      ManifestVisitor.map(object) { pod, workload in
        let report = report(pod, workload, namespaces)
        reports.append(report.report)
        return report.pod
      }
    }
    return (injected, reports)
  }

  private func report(
    _ pod: JSONValue,
    _ workload: Workload,
    _ namespaces: [String: NamespaceMetadata]
  ) -> (report: Report, pod: JSONValue?) {
    let name = workload.namespace ?? defaultNamespace
    let namespace =
      namespaces[name] ?? NamespaceMetadata(name: name, labels: namespaceLabels)
    let context = InjectionContext(
      namespace: namespace,
      caller: namespace.labels == nil ? .namespace : .labels,
      cluster: cluster,
      workload: workload.path.isEmpty ? nil : .init(kind: workload.kind, name: workload.name)
    )
    var report = Report(
      workload: workload,
      namespace: name,
      explanation: Explanation(
        outcome: InjectionOutcome(
          reason: .malformedPod,
          message: "the Pod can't be read: it is nested too deeply or too large; make it simpler"
        ),
        settings: []
      ),
      patch: JSONPatch()
    )
    // Our own serialisation parses, unless the object is nested deeper than the injector reads.
    guard let document = try? JSONDocument(parsing: pod.serialized()) else { return (report, nil) }
    report.explanation = injector.explain(pod: document.root, context: context)
    guard let bytes = report.outcome.patch else { return (report, nil) }
    do {
      let patch = try JSONPatch(try JSONValue(parsing: bytes))
      let injected = try patch.apply(to: pod)
      report.patch = patch.below(workload.path)
      return (report, injected)
    } catch {
      let message = "the sidecar can't be put into this Pod: \(error); correct or simplify its spec"
      report.explanation = Explanation(
        outcome: InjectionOutcome(reason: .malformedPod, message: message),
        settings: []
      )
      return (report, nil)
    }
  }

  private func describedNamespaces(_ objects: [JSONValue]) -> [String: NamespaceMetadata] {
    func strings(_ value: JSONValue?) -> [String: String] {
      guard let object = value?.object else { return [:] }
      return Dictionary(
        object.compactMap { key, value in value.string.map { (key, $0) } },
        uniquingKeysWith: { first, _ in first }
      )
    }
    var namespaces: [String: NamespaceMetadata] = [:]
    for object in ManifestVisitor.flatten(objects) where object["kind"] == "Namespace" {
      guard let metadata = object["metadata"], let name = metadata["name"]?.string else { continue }
      namespaces[name] = NamespaceMetadata(
        name: name,
        labels: strings(metadata["labels"]),
        annotations: strings(metadata["annotations"])
      )
    }
    return namespaces
  }
}

extension JSONPatch {
  /// The same patch for an object that holds, at `path`, what this one is for. Of the operations that injection uses.
  fileprivate func below(_ path: [String]) -> JSONPatch {
    func moved(_ pointer: JSONPointer) -> JSONPointer { JSONPointer(tokens: path + pointer.tokens) }
    return JSONPatch(
      operations.map { operation in
        switch operation {
        case .add(let path, let value): .add(path: moved(path), value: value)
        case .remove(let path): .remove(path: moved(path))
        case .replace(let path, let value): .replace(path: moved(path), value: value)
        case .move(let from, let path): .move(from: moved(from), path: moved(path))
        case .copy(let from, let path): .copy(from: moved(from), path: moved(path))
        case .test(let path, let value): .test(path: moved(path), value: value)
        }
      }
    )
  }
}
