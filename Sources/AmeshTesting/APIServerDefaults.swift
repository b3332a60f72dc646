package import KubernetesObjects

/// What an API server makes of a Pod before it is stored: the defaults of its version (SetDefaults_* in Kubernetes'
/// pkg/apis/core/v1/defaults.go), the in-tree admission of ServiceAccount, DefaultTolerationSeconds and LimitRanger.
/// Nulls go, as they do on the way through the API server's types.
package struct APIServerDefaults: Sendable {
  package var minorVersion: Int
  /// Whether the namespace has a LimitRange with a default for CPU.
  package var hasLimitRange: Bool
  /// Whether the admission plugin AlwaysPullImages is on.
  package var pullsAlways: Bool

  package init(minorVersion: Int, hasLimitRange: Bool = false, pullsAlways: Bool = false) {
    self.minorVersion = minorVersion
    self.hasLimitRange = hasLimitRange
    self.pullsAlways = pullsAlways
  }

  package func stored(_ pod: JSONValue) -> JSONValue {
    var pod = Self.withoutNulls(pod)
    guard var spec = pod["spec"] else { return pod }
    for list in ["initContainers", "containers"] {
      guard let containers = spec[list]?.array else { continue }
      spec[list] = .array(containers.map { container($0, isInit: list == "initContainers") })
    }
    var volumes = (spec["volumes"]?.array ?? []).map(volume)
    if !volumes.contains(where: { $0["name"] == tokenVolume["name"] }) { volumes.insert(tokenVolume, at: 0) }
    spec["volumes"] = .array(volumes)
    let defaults: [(String, JSONValue)] = [
      ("restartPolicy", "Always"), ("terminationGracePeriodSeconds", 30), ("dnsPolicy", "ClusterFirst"),
      ("serviceAccountName", "default"), ("serviceAccount", "default"), ("securityContext", [:]),
      ("schedulerName", "default-scheduler"), ("priority", 0), ("enableServiceLinks", true),
      ("preemptionPolicy", "PreemptLowerPriority"),
      ("tolerations", [["key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300]]),
    ]
    for (key, value) in defaults { spec.setDefault(key, value) }
    pod["spec"] = spec
    var metadata = pod["metadata"] ?? [:]
    metadata.setDefault("uid", "7c0a2f6e-9a0f-4d1e-8a35-2d1b5e1f0c11")
    if hasLimitRange {
      var annotations = metadata["annotations"] ?? [:]
      annotations["kubernetes.io/limit-ranger"] = "LimitRanger plugin set: cpu limit for container c0"
      metadata["annotations"] = annotations
    }
    pod["metadata"] = metadata
    pod.setDefault("status", [:])
    return pod
  }

  private func container(_ container: JSONValue, isInit: Bool) -> JSONValue {
    var container = container
    container.setDefault("terminationMessagePath", "/dev/termination-log")
    container.setDefault("terminationMessagePolicy", "File")
    container.setDefault("imagePullPolicy", "IfNotPresent")
    if pullsAlways { container["imagePullPolicy"] = "Always" }
    var resources = container["resources"] ?? [:]
    var limits = resources["limits"] ?? [:]
    if hasLimitRange { limits.setDefault("cpu", "500m") }
    var requests = resources["requests"] ?? [:]
    for (name, limit) in limits.object ?? [:] { requests.setDefault(name, limit) }
    if limits != [:] { resources["limits"] = limits }
    if requests != [:] { resources["requests"] = requests }
    container["resources"] = resources
    if minorVersion >= 33, !isInit || container["restartPolicy"] == "Always" {
      let names = ["cpu", "memory"].filter { requests[$0] != nil || limits[$0] != nil }
      let policies = names.map { name -> JSONValue in ["resourceName": .string(name), "restartPolicy": "NotRequired"] }
      if !policies.isEmpty { container["resizePolicy"] = .array(policies) }
    }
    if let ports = container["ports"]?.array {
      container["ports"] = .array(ports.map { $0.withDefault("protocol", "TCP") })
    }
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
      if let probe = container[key] { container[key] = Self.probe(probe) }
    }
    for hook in ["postStart", "preStop"] {
      if let handler = container["lifecycle"]?[hook] { container["lifecycle"]?[hook] = Self.handler(handler) }
    }
    let path: JSONValue = "/var/run/secrets/kubernetes.io/serviceaccount"
    var mounts = container["volumeMounts"]?.array ?? []
    if !mounts.contains(where: { $0["mountPath"] == path }) {
      mounts.append(["name": tokenVolume["name"] ?? "", "mountPath": path, "readOnly": true])
    }
    container["volumeMounts"] = .array(mounts)
    return container
  }

  private static func probe(_ probe: JSONValue) -> JSONValue {
    var probe = handler(probe)
    for (key, value) in [
      ("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3),
    ] {
      probe.setDefault(key, .number(JSONNumber(value)))
    }
    return probe
  }

  private static func handler(_ owner: JSONValue) -> JSONValue {
    var owner = owner
    if let get = owner["httpGet"] { owner["httpGet"] = get.withDefault("path", "/").withDefault("scheme", "HTTP") }
    if let grpc = owner["grpc"] { owner["grpc"] = grpc.withDefault("service", "") }
    return owner
  }

  private func volume(_ volume: JSONValue) -> JSONValue {
    var volume = volume
    for source in ["projected", "configMap", "secret", "downwardAPI"] {
      if let found = volume[source] { volume[source] = found.withDefault("defaultMode", 420) }
    }
    return volume
  }

  /// Since 1.21 the token is projected, before it was a Secret.
  private var tokenVolume: JSONValue {
    guard minorVersion >= 21 else {
      return ["name": "default-token-8xq2z", "secret": ["secretName": "default-token-8xq2z", "defaultMode": 420]]
    }
    return [
      "name": "kube-api-access-8xq2z",
      "projected": [
        "defaultMode": 420, "sources": [["serviceAccountToken": ["expirationSeconds": 3607, "path": "token"]]],
      ],
    ]
  }

  private static func withoutNulls(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let object):
      .object(JSONObject(object.filter { !$0.value.isNull }.map { ($0.key, withoutNulls($0.value)) }))
    case .array(let elements): .array(elements.map(withoutNulls))
    default: value
    }
  }
}

extension JSONValue {
  fileprivate mutating func setDefault(_ key: String, _ value: JSONValue) {
    if self[key] == nil { self[key] = value }
  }

  fileprivate func withDefault(_ key: String, _ value: JSONValue) -> JSONValue {
    var copy = self
    copy.setDefault(key, value)
    return copy
  }
}
