import Injection
import KubernetesObjects
import KubernetesYAML
import MeshConfiguration
import Redirect
import Testing

let header = "apiVersion: amesh.apisix.apache.org/v1alpha1\nkind: MeshConfig\n"

func load(
  _ text: String?,
  environment: [String: String] = [:],
  flags: [ConfigurationInput.Flag] = []
) throws(InvalidConfiguration) -> LoadedConfiguration {
  let file = text.map { ConfigurationInput.File(name: "mesh.yaml", text: Array($0.utf8)) }
  return try ConfigurationInput(file: file, environment: environment, flags: flags).load()
}

struct ConfigurationTests {
  /// Every key, each with a value that is not the default.
  private static let complete =
    header + """
      mesh:
        trustDomain: prod.example
        revision: blue
        controlPlane:
          namespace: mesh-system
          xdsSource: grpc://xds.mesh:15010
          grpcSource: https://plugins.mesh:15810
          sdsSource: https://sds.mesh:15012
        mtls: strict
        injection:
          neverInject:
          - matchLabels: {team: infra}
          - matchExpressions: [{key: app, operator: In, values: [a, b]}]
          nativeSidecar: never
          holdApplication: false
          rewriteProbes: false
          imagePullSecrets: [regcred]
          proxy:
            image: registry.example/proxy@sha256:abc
            imagePullPolicy: Always
            uid: 2000
            gid: 2001
            logLevel: info
            resources:
              requests: {cpu: 0.2, memory: 64Mi, ephemeral-storage: 1Gi}
              limits: {cpu: 2, memory: null}
          init:
            image: registry.example/amesh:1
            resources: {limits: {memory: 32Mi}}
          token: {audience: istio-ca, expirationSeconds: 600}
          prometheus: {annotate: false, merge: false}
          drain: {minimumSeconds: 1, maximumSeconds: 60}
          capture:
            outboundPorts: [80, "9000-9010"]
            excludeOutboundPorts: [3306]
            excludeInboundPorts: [22]
            includeOutboundCIDRs: [10.0.0.0/8]
            excludeOutboundCIDRs: ["fd00::/8"]
            excludeInterfaces: [eth1]
            excludeUIDs: [0, 1000]
          patches:
            verbose: {container: proxy, operations: [{op: add, path: /env/-, value: {name: A, value: secret}}]}
          defaultPatches: [verbose]
      server:
        stateDirectory: state
        kubernetesVersion: 1.30
        namespaces: {shop: {labels: {amesh.apisix.apache.org/injection: enabled}, annotations: {a: b}}}
        webhook:
          address: "::"
          port: 0
          maximumBodyBytes: 1048576
          maximumConnections: 100
          idleTimeoutSeconds: 100
          readTimeoutSeconds: 5
          certificateFile: /tls/tls.crt
          privateKeyFile: /tls/tls.key
          names: [amesh.example, 10.1.2.3]
        admin: {address: 0.0.0.0, port: 0}
        log: {level: debug, format: text}
        shutdown: {delaySeconds: 5, timeoutSeconds: 30}
      identity:
        enabled: false
        address: "::"
        port: 0
        socket: null
        names: [identity.example]
        leaf: {lifetimeSeconds: 600, maximumSeconds: 7200, dnsNames: true}
        clockSkewSeconds: 200
        intermediateLifetimeSeconds: 86400
        root:
          custody: files
          files: /etc/authority
          lifetimeSeconds: 31536000
          prepareAheadSeconds: 864000
          rotation: manual
        tokens:
          keysFile: /etc/keys.json
          issuer: https://issuer.example
          audiences: [istio-ca, amesh-ca]
          mustBeBound: false
          staticFile: /etc/tokens.yaml
        serverGeneratedKeys: deny
        strictRequests: true
        auditFile: null
        limits:
          connections: 100
          connectionsPerAddress: 10
          connectionAgeSeconds: 60
          streamSeconds: 120
          streams: 200
          streamsPerConnection: 10
          streamsPerIdentity: 20
          streamsPerPod: 5
      plugins:
        enabled: false
        address: "::"
        port: 15811
        plaintext: true
        schemaFile: /etc/schemas.json
        unknownPlugins: deny
        codePlugins: allow

      """

  @Test func `While it runs all live keys are taken over, and no other`() throws {
    let (old, new) = (Configuration(), try load(Self.complete).configuration)
    let next = old.takingOver(new)
    for setting in Setting.all {
      #expect(setting.value(in: next) == setting.value(in: setting.isLive ? new : old), "\(setting.key)")
    }
    #expect(next.mesh.trustDomain == "cluster.local" && next.mesh.revision == old.mesh.revision)
    #expect(old.keysThatNeedRestart(comparedTo: new).contains("mesh.trustDomain"))
  }

  @Test func `Every key of a file is taken over`() throws {
    let configuration = try load(Self.complete).configuration
    let mesh = configuration.mesh
    #expect(mesh.trustDomain == "prod.example")
    #expect(mesh.revision == "blue")
    #expect(mesh.controlPlane.sdsSource == "https://sds.mesh:15012")
    #expect(mesh.neverInject.count == 2)
    #expect(mesh.neverInject.first == LabelSelector(matchLabels: ["team": "infra"]))
    #expect(mesh.nativeSidecar == .never)
    #expect(mesh.proxy.imagePullPolicy == .always)
    #expect(mesh.proxy.uid == 2000)
    #expect(mesh.proxy.resources.requests == ["cpu": "200m", "memory": "64Mi", "ephemeral-storage": "1Gi"])
    #expect(mesh.proxy.resources.limits == ["cpu": "2"])
    #expect(mesh.initContainer.resources.limits == ["memory": "32Mi"])
    #expect(mesh.initContainer.resources.requests == MeshSettings().initContainer.resources.requests)
    #expect(mesh.token.audience == "istio-ca")
    #expect(mesh.drain.maximumSeconds == 60)
    #expect(
      mesh.capture.outboundPorts == .ports([PortRange(80), try #require(PortRange(first: 9000, last: 9010))])
    )
    #expect(mesh.capture.excludeOutboundCIDRs == [try #require(CIDR("fd00::/8"))])
    #expect(mesh.capture.excludeUIDs == [0, 1000])
    #expect(mesh.patches["verbose"]?.target == .proxy)
    #expect(mesh.defaultPatches == ["verbose"])
    #expect(configuration.server.cluster.minorVersion == 30)
    #expect(configuration.server.namespaces["shop"]?.labels == ["amesh.apisix.apache.org/injection": "enabled"])
    #expect(configuration.server.log.format == .text)
    #expect(configuration.identity.root.custody == .files)
    #expect(configuration.identity.tokens.audiences == ["istio-ca", "amesh-ca"])
    #expect(configuration.identity.socket == nil)
  }

  @Test func `Lengths that contradict each other are refused, and those for a trial warned of`() throws {
    let contradiction = header + "identity: {leaf: {maximumSeconds: 3600}, intermediateLifetimeSeconds: 7200}"
    let error = #expect(throws: InvalidConfiguration.self) { try load(contradiction) }
    #expect(error?.problems.map(\.key) == ["identity"])
    #expect(error?.problems.first?.message.contains("at least four times the longest leaf (14400 s)") == true)
    #expect(try load(contradiction.replacing("identity: {", with: "identity: {enabled: false, ")).warnings == [])
    let trial = header + "identity: {leaf: {lifetimeSeconds: 20, maximumSeconds: 20}, clockSkewSeconds: 5}"
    #expect(try load(trial).warnings.count == 2)
  }

  @Test func `The identity server has a port of its own`() throws {
    let clash = header + "identity: {port: 9443}"
    let error = #expect(throws: InvalidConfiguration.self) { try load(clash) }
    #expect(error?.problems.first?.message == "9443 is the webhook's port too; use another")
    #expect(try load(header + "identity: {port: 9443, enabled: false}").configuration.identity.port == 9443)
  }

  @Test func `No setting is left at its default by the complete file, but the mode`() throws {
    let configuration = try load(Self.complete).configuration
    let same = Setting.all.filter { $0.value(in: configuration) == $0.value(in: Configuration()) }.map(\.key)
    #expect(
      same == [
        "mesh.injection.init.resources.requests.cpu", "mesh.injection.init.resources.limits.cpu",
        "mesh.injection.init.resources.requests.memory", "mesh.injection.proxy.resources.limits.ephemeral-storage",
        "mesh.injection.init.resources.requests.ephemeral-storage",
        "mesh.injection.init.resources.limits.ephemeral-storage", "server.mode",
      ]
    )
  }

  @Test func `Every setting that a text can hold is read back from its variable`() throws {
    let complete = try load(Self.complete).configuration
    var environment: [String: String] = [:]
    var flags: [ConfigurationInput.Flag] = []
    for setting in Setting.all {
      let value = setting.value(in: complete)
      let text: String
      switch value {
      case .null: text = ""
      case .array(let elements) where setting.isScalar: text = elements.map(spelling).joined(separator: ", ")
      default: text = setting.isScalar ? spelling(value) : String(decoding: value.serialized(), as: UTF8.self)
      }
      environment[setting.environmentVariable] = text
      flags.append(.init(name: "--set", key: setting.key, value: text))
    }
    #expect(try load(nil, environment: environment).configuration == complete)
    #expect(try load(nil, flags: flags).configuration == complete)
    #expect(try load(nil, environment: environment).warnings.isEmpty)
  }

  private func spelling(_ value: JSONValue) -> String {
    value.string ?? String(decoding: value.serialized(), as: UTF8.self)
  }

  @Test func `A patch that needs another one before it is warned of`() throws {
    let text = """
      mesh: {injection: {patches: {
        second: {container: proxy, operations: [{op: remove, path: /nope}]},
        first: {container: proxy, operations: [{op: add, path: /nope, value: 1}]}}}}

      """
    let loaded = try load(header + text)
    #expect(loaded.warnings.count == 1)
    #expect(loaded.warnings.first?.hasPrefix("mesh.injection.patches.second: a Pod that asks for it alone") == true)
    let both = text.replacing("value: 1}]}}}}", with: "value: 1}]}}, defaultPatches: [first, second]}}")
    #expect(try load(header + both).warnings.isEmpty)
  }

  @Test func `Labels of a namespace that are not given are not known`() throws {
    let text = header + "server: {namespaces: {shop: {annotations: {a: b}}, empty: {labels: {}}}}"
    let configuration = try load(text).configuration
    #expect(configuration.server.namespaces["shop"] == NamespaceMetadata(name: "shop", annotations: ["a": "b"]))
    #expect(configuration.server.namespaces["empty"]?.labels == [:])
    #expect(try load(YAMLPrinter.print(configuration.effective)).configuration == configuration)
  }

  @Test(arguments: ["1.33", "v1.33.2", "1.33+", "v1.33.1-gke.1584000", "1.33-eks"])
  func `Versions are read as providers spell them`(version: String) throws {
    let text = header + "server: {kubernetesVersion: \"\(version)\"}"
    #expect(try load(text).configuration.server.cluster.minorVersion == 33)
  }

  @Test(arguments: ["nginx", "localhost:5000/x/y:tag@sha256:00ff", "registry.example/a_b/c-d:v1.2-x"])
  func `Images of every form are taken`(image: String) throws {
    let text = header + "mesh: {injection: {proxy: {image: \"\(image)\"}}}"
    #expect(try load(text).configuration.mesh.proxy.image == image)
  }

  @Test func `What is shown to others is a configuration, with secrets left out`() throws {
    let complete = try load(Self.complete).configuration
    let text = YAMLPrinter.print(complete.redacted)
    #expect(text.contains("(redacted)"))
    #expect(try load(YAMLPrinter.print(complete.effective)).configuration == complete)
    #expect(!text.contains("secret"))
    var back = try load(text).configuration
    back.mesh.patches = complete.mesh.patches
    #expect(back == complete)
    #expect(try load(YAMLPrinter.print(Configuration().effective)).configuration == Configuration())
  }

  @Test func `Nothing configured is the defaults`() throws {
    #expect(try load(nil).configuration == Configuration())
    #expect(try load(header).configuration == Configuration())
    #expect(try load(header + "mesh:\nserver: {webhook: }\n").configuration == Configuration())
  }

  @Test func `JSON is read as well`() throws {
    let text = #"{"apiVersion": "amesh.apisix.apache.org/v1alpha1", "kind": "MeshConfig", "mesh": {"revision": "r"}}"#
    #expect(try load(text).configuration.mesh.revision == "r")
  }

  @Test func `Flags win over variables, variables over the file`() throws {
    let text = header + "mesh: {revision: file, trustDomain: file}\nserver: {admin: {port: 1}}\n"
    let environment = ["AMESH_MESH_REVISION": "variable", "AMESH_SERVER_ADMIN_PORT": "2"]
    let flags = [ConfigurationInput.Flag(name: "--admin-port", key: "server.admin.port", value: "3")]
    let configuration = try load(text, environment: environment, flags: flags).configuration
    #expect(configuration.mesh.trustDomain == "file")
    #expect(configuration.mesh.revision == "variable")
    #expect(configuration.server.admin.port == 3)
  }

  @Test(
    arguments: [
      ("mesh.trustDomain", "AMESH_MESH_TRUST_DOMAIN"), ("server.webhook.port", "AMESH_SERVER_WEBHOOK_PORT"),
      ("mesh.injection.capture.includeOutboundCIDRs", "AMESH_MESH_INJECTION_CAPTURE_INCLUDE_OUTBOUND_CIDRS"),
      ("mesh.injection.capture.excludeUIDs", "AMESH_MESH_INJECTION_CAPTURE_EXCLUDE_UIDS"),
      (
        "mesh.injection.proxy.resources.requests.ephemeral-storage",
        "AMESH_MESH_INJECTION_PROXY_RESOURCES_REQUESTS_EPHEMERAL_STORAGE"
      ),
    ]
  )
  func `Variables are named after keys`(key: String, variable: String) throws {
    #expect(try #require(Setting.all.first { $0.key == key }).environmentVariable == variable)
  }

  @Test func `No two settings share a key or a variable`() {
    #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
    #expect(Set(Setting.all.map(\.environmentVariable)).count == Setting.all.count)
  }

  @Test func `Unknown variables are warned of, but not those of the Service`() throws {
    let environment = [
      "AMESH_MESH_TRUSTDOMAIN": "x", "AMESH_SERVICE_HOST": "10.0.0.1", "AMESH_PORT": "tcp://10.0.0.1:443",
      "AMESH_PORT_443_TCP_ADDR": "10.0.0.1", "AMESH_PROXY_SERVICE_PORT_HTTPS": "1",
      "AMESH_PROXY_PORT": "tcp://10.0.0.2:1", "AMESH_PROXY_PORT_1_TCP": "tcp://10.0.0.2:1", "AMESH_CONFIG": "a",
      "PATH": "/bin",
    ]
    #expect(
      try load(nil, environment: environment).warnings == [
        "AMESH_MESH_TRUSTDOMAIN: unknown variable, ignored; did you mean AMESH_MESH_TRUST_DOMAIN?"
      ]
    )
  }

  @Test func `All outbound ports are one star`() throws {
    for text in ["\"*\"", "[\"*\"]"] {
      let configuration = try load(header + "mesh: {injection: {capture: {outboundPorts: \(text)}}}").configuration
      #expect(configuration.mesh.capture.outboundPorts == .all)
    }
  }

  @Test func `The hash tells meshes apart, and nothing else`() throws {
    let plain = try load(nil).configuration
    #expect(plain.meshHash.count == 16)
    #expect(try load(header + "server: {admin: {port: 1}}").configuration.meshHash == plain.meshHash)
    #expect(try load(header + "mesh: {revision: x}").configuration.meshHash != plain.meshHash)
    let patched = Self.complete.replacing("value: secret", with: "value: other")
    #expect(try load(patched).configuration.meshHash != load(Self.complete).configuration.meshHash)
  }

  @Test func `Changes that need a restart are named`() throws {
    let new = try load(header + "mesh: {revision: x, injection: {nativeSidecar: never}}\nserver: {admin: {port: 1}}")
      .configuration
    #expect(Configuration().keysThatNeedRestart(comparedTo: new) == ["mesh.revision", "server.admin.port"])
    #expect(new.keysThatNeedRestart(comparedTo: new).isEmpty)
  }

  @Test func `The reference has a row for every key`() {
    let lines = ConfigurationReference.markdown.split(separator: "\n")
    #expect(lines.count == Setting.all.count + 2)
    for setting in Setting.all {
      #expect(!setting.documentation.isEmpty)
      #expect(lines.contains { $0.hasPrefix("| `\(setting.key)` | ") })
    }
  }
}
