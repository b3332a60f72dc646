package import KubernetesObjects

/// Pods that a user might write, and some that nobody would: valid in what injection relies on (kinds, names that come
/// once, no name of ours), random in everything else.
package struct RandomPod {
  private var random: SeededRandom
  private var names = 0

  package init(seed: UInt64) { random = SeededRandom(seed: seed) }

  package mutating func next() -> JSONValue {
    names = 0
    var spec: JSONObject = [
      "containers": .array((0..<pick(1...4)).map { _ in container(isInit: false) })
    ]
    maybe(3) { me in
      spec["initContainers"] = me.anyOf([.null, .array((0..<me.pick(0...3)).map { _ in me.container(isInit: true) })])
    }
    maybe(2) { me in spec["volumes"] = .array((0..<me.pick(0...3)).map { _ in me.volume() }) }
    maybe(4) { me in spec["imagePullSecrets"] = me.anyOf([.null, [], [["name": "mine"]], [["name": "one"], [:]]]) }
    maybe(4) { me in spec["terminationGracePeriodSeconds"] = .number(JSONNumber(me.pick(0...60))) }
    maybe(4) { me in spec["securityContext"] = me.anyOf([.null, [:], ["fsGroup": 1337], ["runAsUser": 1000]]) }
    maybe(6) { me in spec["resources"] = me.anyOf([.null, [:], ["limits": ["cpu": "1"]]]) }
    unknown(&spec)
    var pod: JSONObject = ["apiVersion": "v1", "kind": "Pod", "metadata": metadata(), "spec": .object(spec)]
    unknown(&pod)
    return shuffled(.object(pod))
  }

  private mutating func metadata() -> JSONValue {
    var metadata = JSONObject()
    maybe(2) { me in metadata["name"] = .string("web-\(me.pick(0...99))") }
    maybe(2) { me in metadata["generateName"] = "web-" }
    maybe(2) { me in metadata["labels"] = me.labels() }
    maybe(2) { me in metadata["annotations"] = me.annotations() }
    maybe(4) { me in
      metadata["ownerReferences"] = [
        ["kind": me.anyOf(["ReplicaSet", "Job", "Other"]), "name": "web-28934512", "controller": true]
      ]
    }
    unknown(&metadata)
    return .object(metadata)
  }

  private mutating func labels() -> JSONValue {
    var labels = JSONObject()
    for key in ["app", "version", "app.kubernetes.io/name", "service.istio.io/canonical-name", "pod-template-hash"] {
      maybe(3) { me in labels[key] = .string(me.text()) }
    }
    return anyOf([.null, .object(labels), .object(labels)])
  }

  private mutating func annotations() -> JSONValue {
    var annotations = JSONObject()
    let choices: [(String, [JSONValue])] = [
      ("prometheus.io/scrape", ["true", "false"]), ("prometheus.io/port", ["9090", "15020", "x"]),
      ("prometheus.io/path", ["/m", "/metrics", "/$(A)"]), ("prometheus.io/scheme", ["http", "https"]),
      ("kubectl.kubernetes.io/default-container", ["c0"]), ("note/$~1", [.string(text())]),
      (prefix + "native-sidecar", ["false"]), (prefix + "hold-application", ["true", "false"]),
      (prefix + "rewrite-probes", ["true", "false"]), (prefix + "prometheus", ["true", "false"]),
      (prefix + "prometheus-merge", ["true", "false"]), (prefix + "proxy-cpu-request", ["", "0", "1500m"]),
      (prefix + "include-inbound-ports", ["", "*", "80,9000-9010"]), (prefix + "nobody-knows", ["x"]),
    ]
    for (key, values) in choices { maybe(4) { me in annotations[key] = me.anyOf(values) } }
    return anyOf([.null, .object(annotations), .object(annotations)])
  }

  private let prefix = "amesh.apisix.apache.org/"

  private mutating func container(isInit: Bool) -> JSONValue {
    defer { names += 1 }
    var container: JSONObject = ["name": .string("c\(names)"), "image": .string("image:\(pick(1...9))")]
    let isNative = isInit && chance(2)
    if isNative { container["restartPolicy"] = "Always" }
    maybe(2) { me in
      container["ports"] = .array(
        (0..<me.pick(0...3)).map { index in
          var port: JSONObject = ["containerPort": .number(JSONNumber(me.pick(1...65535)))]
          me.maybe(2) { me in port["name"] = .string(me.anyOf(["http-", "grpc-", "tcp-"]) + "\(index)") }
          me.maybe(3) { me in port["protocol"] = me.anyOf(["TCP", "UDP"]) }
          return .object(port)
        }
      )
    }
    maybe(3) { me in container["env"] = .array([["name": "TEXT", "value": .string(me.text())]]) }
    maybe(4) { me in container["volumeMounts"] = me.anyOf([.null, [], [["name": "v", "mountPath": "/v"]]]) }
    maybe(4) { me in container["resources"] = me.anyOf([[:], ["limits": ["memory": "64Mi"]]]) }
    if !isInit || isNative {
      for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        maybe(3) { me in container[probe] = me.probe() }
      }
      maybe(4) { me in container["lifecycle"] = ["postStart": me.handler(), "preStop": me.handler()] }
    }
    unknown(&container)
    return .object(container)
  }

  private mutating func probe() -> JSONValue {
    guard var probe = handler().object else { return .null }
    maybe(2) { me in probe["timeoutSeconds"] = .number(JSONNumber(me.pick(1...9))) }
    maybe(2) { me in probe["periodSeconds"] = .number(JSONNumber(me.pick(1...9))) }
    unknown(&probe)
    return .object(probe)
  }

  private mutating func handler() -> JSONValue {
    let port: JSONValue = anyOf([.number(JSONNumber(pick(1...65535))), "http-0", "8080", "nowhere"])
    return anyOf([
      ["httpGet": ["path": .string("/" + text()), "port": port]],
      ["httpGet": ["path": "/", "port": port, "scheme": "HTTPS", "httpHeaders": [["name": "H", "value": "$(X)"]]]],
      ["tcpSocket": ["port": port]], ["tcpSocket": ["port": port, "host": "db"]],
      ["tcpSocket": ["port": port], "httpGet": .null],
      ["grpc": ["port": 9000, "service": .string(text())]], ["exec": ["command": ["true"]]], ["exec": .null], .null,
    ])
  }

  private mutating func volume() -> JSONValue {
    defer { names += 1 }
    return ["name": .string("v\(names)"), anyOf(["emptyDir", "hostPath"]): anyOf([[:], ["path": "/x"], .null])]
  }

  /// Text with everything that a JSON text may hold.
  private mutating func text() -> String {
    let pieces = [
      "a", "Z9", "-", "\"", "\\", "$(POD_NAME)", "$$", "\u{0}", "\u{1F}", "\u{2028}", "é", "e\u{301}", "😀", "/",
    ]
    return (0..<pick(0...6)).map { _ in anyOf(pieces) }.joined()
  }

  private mutating func unknown(_ object: inout JSONObject) {
    maybe(4) { me in
      object["x-\(me.text())"] = me.anyOf([
        .null, [], [:], [1, [["deep": true]]], .number(JSONNumber(spelling: "1.50e3") ?? JSONNumber(0)),
        .string(me.text()),
      ])
    }
  }

  // MARK: - Chance

  private mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  private mutating func chance(_ oneIn: Int) -> Bool { pick(1...oneIn) == 1 }

  private mutating func maybe(_ oneIn: Int, _ body: (inout RandomPod) -> Void) {
    if chance(oneIn) { body(&self) }
  }

  private mutating func anyOf<Element>(_ elements: [Element]) -> Element { elements[pick(0...elements.count - 1)] }

  /// The same value, members of objects in another order.
  private mutating func shuffled(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let object):
      .object(JSONObject(object.map { ($0.key, shuffled($0.value)) }.shuffled(using: &random)))
    case .array(let elements): .array(elements.map { shuffled($0) })
    default: value
    }
  }
}
