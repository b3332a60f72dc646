import Injection
package import KubernetesObjects

/// Takes the sidecars out of manifests again.
package enum ManifestUninjector {
  package struct Report: Sendable, Equatable {
    package var workload: Workload
    /// False if the Pod bore no status annotation, and so was left as it is.
    package var wasInjected: Bool
  }

  package static func uninject(_ objects: [JSONValue]) -> (objects: [JSONValue], reports: [Report]) {
    var reports: [Report] = []
    let originals = objects.map { object in
      ManifestVisitor.map(object) { pod, workload in
        let original = Uninjector.uninject(pod)
        reports.append(Report(workload: workload, wasInjected: original != nil))
        return original
      }
    }
    return (originals, reports)
  }
}
