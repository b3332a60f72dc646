import MeshConfiguration
import Testing

struct ConfigurationProblemTests {
  /// Lines after the header, which has two; so the first is line 3.
  private static let problems: [(yaml: String, problem: String)] = [
    ("mesh: {trustDomian: x}", "3:8: mesh.trustDomian: unknown key; did you mean trustDomain?"),
    ("mash: {}", "3:1: mash: unknown key; did you mean mesh?"),
    ("mesh: {zzz: 1}", "3:8: mesh.zzz: unknown key; known here: controlPlane, injection, mtls, revision, trustDomain"),
    ("identity: {socket: admin.sock}", "identity.socket: admin.sock in the state directory is used by amesh itself"),
    ("identity: {auditFile: lock}", "identity.auditFile: lock in the state directory is used by amesh itself"),
    ("mesh: 5", "3:7: mesh: 5 is not a mapping; use"),
    ("mesh: {trustDomain: Upper}", "3:21: mesh.trustDomain: \"Upper\" is not a trust domain; use"),
    ("mesh: {trustDomain: \"\"}", "mesh.trustDomain: \"\" is not a trust domain"),
    ("mesh: {trustDomain: 5}", "mesh.trustDomain: 5 is not a trust domain"),
    ("mesh: {trustDomain: [a]}", "mesh.trustDomain: a list is not a trust domain"),
    ("mesh: {revision: -a}", "mesh.revision: \"-a\" is not a revision"),
    ("mesh: {revision: \"\"}", "mesh.revision: \"\" is not a revision"),
    ("mesh: {controlPlane: {namespace: A}}", "mesh.controlPlane.namespace: \"A\" is not a namespace"),
    (
      "mesh: {controlPlane: {xdsSource: istiod}}",
      "mesh.controlPlane.xdsSource: \"istiod\" is not an address of a server"
    ),
    ("mesh: {controlPlane: {xdsSource: \"grpc://a:b@c:1\"}}", "mesh.controlPlane.xdsSource:"),
    ("mesh: {controlPlane: {xdsSource: \"grpc://c:0\"}}", "mesh.controlPlane.xdsSource:"),
    ("mesh: {controlPlane: {xdsSource: \"grpc://:80\"}}", "mesh.controlPlane.xdsSource:"),
    ("mesh: {injection: {nativeSidecar: maybe}}", "\"maybe\" is not a choice; use auto, always, never"),
    ("mesh: {injection: {holdApplication: \"true\"}}", "\"true\" is not a boolean; use true or false"),
    (
      "mesh: {injection: {imagePullSecrets: regcred}}",
      "\"regcred\" is not a list; use [a, b] or lines that start with -"
    ),
    (
      "mesh: {injection: {imagePullSecrets: [a, B, null]}}",
      "mesh.injection.imagePullSecrets[1]: \"B\" is not an object's name"
    ),
    (
      "mesh: {injection: {imagePullSecrets: [a, B, null]}}",
      "mesh.injection.imagePullSecrets[2]: an empty element; remove it"
    ),
    (
      "mesh: {injection: {proxy: {uid: 70000000000}}}",
      "3:33: mesh.injection.proxy.uid: 70000000000 is not a numeric uid; use 1 to 4294967294"
    ),
    ("mesh: {injection: {proxy: {uid: 0}}}", "0 is not a numeric uid"),
    ("mesh: {injection: {proxy: {gid: -1}}}", "-1 is not a numeric gid"),
    ("mesh: {injection: {proxy: {uid: 1.5}}}", "1.5 is not a numeric uid"),
    ("mesh: {injection: {proxy: {uid: \"1337\"}}}", "\"1337\" is not a numeric uid"),
    ("mesh: {injection: {proxy: {image: \"a b\"}}}", "mesh.injection.proxy.image: \"a b\" is not an image"),
    ("mesh: {injection: {proxy: {image: \"\"}}}", "mesh.injection.proxy.image:"),
    ("mesh: {injection: {proxy: {image: \"a:\"}}}", "mesh.injection.proxy.image:"),
    ("mesh: {injection: {proxy: {logLevel: loud}}}", "\"loud\" is not a log level; use debug, info, notice, warn"),
    (
      "mesh: {injection: {proxy: {resources: {limits: {cpu: much}}}}}",
      "limits.cpu: \"much\" is not a quantity; use such as 100m"
    ),
    ("mesh: {injection: {proxy: {resources: {limits: {cpu: \"-1\"}}}}}", "limits.cpu: \"-1\" is not a quantity"),
    (
      "mesh: {injection: {proxy: {resources: {limits: {gpu: 1}}}}}",
      "resources.limits.gpu: unknown key; did you mean cpu?"
    ),
    (
      "mesh: {injection: {proxy: {resources: {limits: {cpu: 1}, requests: {cpu: 1500m}}}}}",
      "requests.cpu: 1500m is more than the limit, 1; lower it or raise mesh.injection.proxy.resources.limits.cpu"
    ),
    (
      "mesh: {injection: {init: {resources: {requests: {memory: 1Gi}}}}}",
      "mesh.injection.init.resources.requests.memory: 1Gi is more than the limit, 64Mi"
    ),
    ("mesh: {injection: {token: {expirationSeconds: 599}}}", "599 is not a lifetime in seconds; use 600 to 86400"),
    ("mesh: {injection: {token: {expirationSeconds: 86401}}}", "86401 is not a lifetime"),
    ("mesh: {injection: {token: {audience: \"a b\"}}}", "\"a b\" is not an audience"),
    (
      "mesh: {injection: {drain: {minimumSeconds: 30}}}",
      "mesh.injection.drain.maximumSeconds: 25 is less than minimumSeconds, 30; use that or more"
    ),
    (
      "mesh: {injection: {capture: {outboundPorts: [0]}}}",
      "outboundPorts[0]: 0 is not a port; use 1 to 65535, or a range"
    ),
    ("mesh: {injection: {capture: {outboundPorts: [\"9-3\"]}}}", "outboundPorts[0]: \"9-3\" is not a port"),
    ("mesh: {injection: {capture: {outboundPorts: [\"1-2-3\"]}}}", "outboundPorts[0]: \"1-2-3\" is not a port"),
    ("mesh: {injection: {capture: {outboundPorts: [\"+80\"]}}}", "outboundPorts[0]: \"+80\" is not a port"),
    ("mesh: {injection: {capture: {outboundPorts: [80, \"*\"]}}}", "outboundPorts[1]: \"*\" is not a port"),
    ("mesh: {injection: {capture: {excludeOutboundCIDRs: [10.0.0.0/33]}}}", "\"10.0.0.0/33\" is not a CIDR"),
    ("mesh: {injection: {capture: {excludeUIDs: [4294967295]}}}", "4294967295 is not a numeric uid"),
    ("mesh: {injection: {capture: {excludeInterfaces: [eth0/1]}}}", "\"eth0/1\" is not a network interface"),
    ("mesh: {injection: {capture: {outboundPorts: [\"0080\"]}}}", "outboundPorts[0]: \"0080\" is not a port"),
    ("mesh: {injection: {capture: {excludeInterfaces: [\"eth0,lo\"]}}}", "\"eth0,lo\" is not a network interface"),
    ("mesh: {injection: {capture: {excludeInterfaces: [-x]}}}", "\"-x\" is not a network interface"),
    ("mesh: {injection: {proxy: {image: \"a:b:c@@d\"}}}", "\"a:b:c@@d\" is not an image"),
    ("mesh: {injection: {proxy: {image: \"A:::@@@/\"}}}", "\"A:::@@@/\" is not an image"),
    (
      "mesh: {injection: {nativeSidecar: always}}\nserver: {kubernetesVersion: \"1.28\"}",
      "3:35: mesh.injection.nativeSidecar: always makes Pods hang in Kubernetes 1.28"
    ),
    (
      "mesh: {injection: {patches: {bad: {container: proxy, operations: [{op: remove, path: /nope}]}}, "
        + "defaultPatches: [bad]}}",
      "mesh.injection.defaultPatches: container patch \"bad\" does not apply"
    ),
    ("mesh: {injection: {neverInject: [{}]}}", "neverInject[0]: an empty selector matches every Pod"),
    ("mesh: {injection: {neverInject: [{matchLabels: {a: true}}]}}", "mesh.injection.neverInject[0]:"),
    ("mesh: {injection: {neverInject: [{matchLables: {a: b}}]}}", "mesh.injection.neverInject[0]:"),
    (
      "mesh: {injection: {patches: {p: {container: app, operations: []}}}}",
      "patches.p.container: \"app\" is not a container; use proxy, init"
    ),
    (
      "mesh: {injection: {patches: {p: {container: proxy}}}}",
      "patches.p: a patch has container: proxy or init, and operations"
    ),
    (
      "mesh: {injection: {patches: {p: {container: proxy, operations: [{op: zap, path: /a}]}}}}",
      "patches.p.operations:"
    ),
    (
      "mesh: {injection: {patches: {p: {kontainer: proxy, operations: []}}}}",
      "patches.p.kontainer: unknown key; did you mean container?"
    ),
    (
      "mesh: {injection: {patches: {P: {container: proxy, operations: []}}}}",
      "patches.P: \"P\" is not the name of a patch"
    ),
    (
      "mesh: {injection: {defaultPatches: [p]}}",
      "defaultPatches: no patch is named \"p\"; mesh.injection.patches has none"
    ),
    ("server: {mode: cluster}", "server.mode: \"cluster\" is not a mode that this version has; use standalone"),
    ("server: {kubernetesVersion: \"2.0\"}", "server.kubernetesVersion: \"2.0\" is not a Kubernetes version"),
    ("server: {namespaces: {a: {labels: {b: 1}}}}", "server.namespaces.a.labels.b: 1 is not a string; use quotes"),
    ("server: {namespaces: {A: {}}}", "server.namespaces.A: \"A\" is not a namespace"),
    ("server: {namespaces: {a: {label: {}}}}", "server.namespaces.a.label: unknown key; did you mean labels?"),
    ("server: {webhook: {port: 65536}}", "server.webhook.port: 65536 is not a port; use 0 to 65535"),
    ("server: {webhook: {address: 10.0.0.0/8}}", "server.webhook.address: \"10.0.0.0/8\" is not an IP address"),
    (
      "server: {webhook: {certificateFile: a.pem}}",
      "certificateFile and privateKeyFile go together; privateKeyFile is missing"
    ),
    (
      "server: {webhook: {privateKeyFile: a.pem}}",
      "certificateFile and privateKeyFile go together; certificateFile is missing"
    ),
    ("server: {webhook: {names: [\"*\"]}}", "server.webhook.names[0]: \"*\" is not a DNS name or IP address"),
    ("server: {webhook: {port: 15014}}", "server.admin.port: 15014 is the webhook's port too; use another"),
    ("server: {shutdown: {delaySeconds: 25}}", "25 leaves no time after delaySeconds, 25; use more than that"),
    ("server: {log: {level: loud}}", "server.log.level: \"loud\" is not a log level"),
    ("server: {stateDirectory: \"\"}", "server.stateDirectory: \"\" is not a path"),
  ]

  @Test(arguments: problems)
  func `A bad value is reported with its place, its key and the cure`(yaml: String, problem: String) throws {
    let error = try #require(throws: InvalidConfiguration.self) { try load(header + yaml + "\n") }
    #expect(error.problems.contains { $0.description.contains(problem) }, "\(error)")
  }

  @Test func `All problems come in one go, in the order of the file`() throws {
    let text = """
      apiVersion: amesh.apisix.apache.org/v1
      kind: MeshConfig
      server: {admin: {port: x}}
      mesh:
        revision: "a b"
        unknown: 1

      """
    let error = try #require(throws: InvalidConfiguration.self) {
      try load(text, flags: [.init(name: "--set", key: "mesh.trustDomain", value: "A")])
    }
    #expect(
      error.description == """
        mesh.yaml:1:13: apiVersion: "amesh.apisix.apache.org/v1" is not what this version reads; \
        use amesh.apisix.apache.org/v1alpha1
        mesh.yaml:3:24: server.admin.port: "x" is not a port; use 0 to 65535
        mesh.yaml:5:13: mesh.revision: "a b" is not a revision; use a label value: up to 63 letters, digits, '.', '-' and '_'
        mesh.yaml:6:3: mesh.unknown: unknown key; known here: controlPlane, injection, mtls, revision, trustDomain
        --set: mesh.trustDomain: "A" is not a trust domain; use up to 255 of a-z, 0-9, '.', '-' and '_', such as cluster.local
        """
    )
  }

  @Test(
    arguments: [
      ("", "mesh.yaml:1:1: holds 0 documents; a configuration is one"),
      ("a: 1\n---\nb: 1\n", "mesh.yaml:1:1: holds 2 documents; a configuration is one"),
      ("- a\n", "mesh.yaml:1:1: a configuration is a mapping with apiVersion, kind, mesh, server"),
      ("mesh: {}\n", "mesh.yaml:1:1: apiVersion: missing; write apiVersion: amesh.apisix.apache.org/v1alpha1"),
      ("a: [\n", "mesh.yaml:2:1: while parsing a flow node: did not find expected node content"),
      ("kind: Mesh\n", "mesh.yaml:1:7: kind: \"Mesh\" is not what this version reads; use MeshConfig"),
    ]
  )
  func `A file that is no configuration is refused`(text: String, problem: String) throws {
    let error = try #require(throws: InvalidConfiguration.self) { try load(text) }
    #expect(error.problems.map(\.description).contains(problem), "\(error)")
  }

  @Test func `Variables and flags are named in their problems`() throws {
    let error = try #require(throws: InvalidConfiguration.self) {
      try load(
        nil,
        environment: ["AMESH_SERVER_WEBHOOK_PORT": "http", "AMESH_MESH_INJECTION_CAPTURE_OUTBOUND_PORTS": "80,x"],
        flags: [.init(name: "--admin-port", key: "server.admin.port", value: "-1")]
      )
    }
    #expect(
      Set(error.problems.map(\.description)) == [
        "AMESH_SERVER_WEBHOOK_PORT: server.webhook.port: \"http\" is not a port; use 0 to 65535",
        "AMESH_MESH_INJECTION_CAPTURE_OUTBOUND_PORTS: mesh.injection.capture.outboundPorts: \"x\" is not a port; "
          + "use 1 to 65535, or a range such as 9000-9010",
        "--admin-port: server.admin.port: \"-1\" is not a port; use 0 to 65535",
      ]
    )
  }
}
