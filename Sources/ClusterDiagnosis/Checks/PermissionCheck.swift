/// May the control plane do what it does?
enum PermissionCheck {
  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    switch snapshot.permissions {
    case .unknown(let problem): return [.unknown(.permissions, "what the control plane may do", problem)]
    case .known(let answers):
      let denied = answers.filter { !$0.value }.keys.map(\.description)
      if denied.isEmpty {
        return [.ok(.permissions, "its ServiceAccount may do all \(answers.count) things that it has to")]
      }
      return [
        .failure(
          .permissions,
          "its ServiceAccount may not: \(Names.list(denied))",
          cure: "kubectl apply -k manifests, of this revision's overlay; its roles and bindings are in it"
        )
      ]
    }
  }
}
