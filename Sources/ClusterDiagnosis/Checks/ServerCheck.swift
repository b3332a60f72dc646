import KubernetesObjects

/// Is the API server there, and which one is it?
enum ServerCheck {
  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    switch snapshot.server {
    case .known(let version): [.ok(.server, "answers, Kubernetes \(version)")]
    case .unknown(let problem):
      [
        .failure(
          .server,
          "does not answer: \(problem)",
          cure: "see that kubectl version works with the same kubeconfig and context"
        )
      ]
    }
  }
}
