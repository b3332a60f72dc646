/// Is the control plane installed, and does it run?
enum ControlPlaneCheck {
  static let ownLabel = "amesh.apisix.apache.org/control-plane"
  private static let apply = "kubectl apply -k manifests"

  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    namespace(snapshot) + deployment(snapshot) + pods(snapshot)
  }

  private static func namespace(_ snapshot: ClusterSnapshot) -> [Finding] {
    let name = snapshot.subject.namespace
    switch snapshot.namespaces {
    case .unknown(let problem): return [.unknown(.controlPlane, "namespace \(name)", problem)]
    case .known(let namespaces):
      guard let own = namespaces.first(where: { $0.name == name }) else {
        return [.failure(.controlPlane, "there is no namespace \(name)", cure: "\(apply), or name it by --namespace")]
      }
      if own.isTerminating {
        return [
          .failure(.controlPlane, "namespace \(name) is being deleted", cure: "wait until it is gone, then \(apply)")
        ]
      }
      guard own.labels[ownLabel] == "true" else {
        return [
          .warning(
            .controlPlane,
            "namespace \(name) lacks the label \(ownLabel)=true, which keeps webhooks away from it",
            cure: "kubectl label namespace \(name) \(ownLabel)=true"
          )
        ]
      }
      return [.ok(.controlPlane, "namespace \(name) is there")]
    }
  }

  private static func deployment(_ snapshot: ClusterSnapshot) -> [Finding] {
    let subject = snapshot.subject
    let deployments: [DeploymentFacts]
    switch snapshot.deployments {
    case .unknown(let problem): return [.unknown(.controlPlane, "the Deployment", problem)]
    case .known(let known): deployments = known
    }
    guard !deployments.isEmpty else {
      return [
        .failure(
          .controlPlane,
          "no Deployment in \(subject.namespace) is labelled as revision \(subject.revision)",
          cure: "\(apply), or name another by --revision"
        )
      ]
    }
    return deployments.map { deployment in
      let state =
        "Deployment \(deployment.name): \(deployment.available) of \(deployment.wanted) replicas are available"
      let look = "kubectl -n \(subject.namespace) describe deployment \(deployment.name)"
      if deployment.available < 1 { return .failure(.controlPlane, state, cure: look) }
      if deployment.available < deployment.wanted { return .warning(.controlPlane, state, cure: look) }
      if !deployment.isObserved {
        return .warning(
          .controlPlane,
          "Deployment \(deployment.name) was changed, and nothing has acted on it yet",
          cure: "see that the cluster's controller manager runs"
        )
      }
      return .ok(.controlPlane, state)
    }
  }

  private static func pods(_ snapshot: ClusterSnapshot) -> [Finding] {
    let subject = snapshot.subject
    switch snapshot.controlPlanePods {
    case .unknown(let problem): return [.unknown(.controlPlane, "its Pods", problem)]
    case .known(let pods):
      guard !pods.isEmpty else {
        return [
          .failure(
            .controlPlane,
            "no Pod of it runs",
            cure: "kubectl -n \(subject.namespace) get events, for why none is created"
          )
        ]
      }
      let troubled = pods.filter { !$0.isReady }
      if troubled.isEmpty { return [.ok(.controlPlane, "\(Names.count(pods.count, "Pod")) ready")] }
      return troubled.map { pod in
        .warning(
          .controlPlane,
          "Pod \(pod.name) is not ready\(pod.trouble.map { ": \($0)" } ?? "")",
          cure: "kubectl -n \(subject.namespace) describe pod \(pod.name), and its log"
        )
      }
    }
  }
}
