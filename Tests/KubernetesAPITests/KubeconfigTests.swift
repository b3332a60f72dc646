import AmeshTesting
import Foundation
import Testing

@testable import KubernetesAPI

@Suite struct KubeconfigTests {
  private static let text = """
    apiVersion: v1
    kind: Config
    current-context: work
    clusters:
    - name: plain
      cluster: {server: "http://127.0.0.1:8080"}
    - name: unchecked
      cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true, certificate-authority: ca.crt}
    - name: work
      cluster:
        server: https://127.0.0.1:6443
        certificate-authority-data: Y2E=
        certificate-authority: other.crt
        tls-server-name: kubernetes
    - name: proxied
      cluster: {server: "https://127.0.0.1:6443", proxy-url: "http://proxy:3128"}
    contexts:
    - {name: work, context: {cluster: work, user: files, namespace: web}}
    - {name: plain, context: {cluster: plain, user: ""}}
    - {name: unchecked, context: {cluster: unchecked, user: files}}
    - {name: proxied, context: {cluster: proxied, user: files}}
    - {name: astray, context: {cluster: nowhere, user: files}}
    - {name: stranger, context: {cluster: work, user: nobody}}
    - {name: password, context: {cluster: work, user: password}}
    - {name: plugin, context: {cluster: work, user: plugin}}
    - {name: inline, context: {cluster: work, user: inline}}
    users:
    - name: files
      user: {client-certificate: pki/me.crt, client-key: /pki/me.key, tokenFile: token, token: unused}
    - name: inline
      user: {client-certificate-data: Y2VydA==, client-key-data: a2V5, token: secret}
    - name: password
      user: {username: me, password: secret}
    - name: plugin
      user:
        exec:
          apiVersion: client.authentication.k8s.io/v1
          command: ./bin/login
          args: [--cluster, work]
          env: [{name: PROFILE, value: mesh}]
          installHint: get it somewhere
          provideClusterInfo: true
          interactiveMode: IfAvailable
    """

  private func connection(_ context: String?, allowingInsecure: Bool = false) throws -> ClusterConnection {
    try Kubeconfig(parsing: Array(Self.text.utf8), folder: "/home/me/.kube")
      .connection(context: context, allowingInsecure: allowingInsecure)
  }

  @Test func `a context is its cluster and its user, paths from where the file lies`() throws {
    #expect(
      try connection(nil)
        == ClusterConnection(
          server: "https://127.0.0.1:6443",
          certificateAuthority: .inline(Array("ca".utf8)),
          tlsServerName: "kubernetes",
          user: ClusterUser(
            token: .file("/home/me/.kube/token"),
            certificate: .file("/home/me/.kube/pki/me.crt"),
            key: .file("/pki/me.key")
          ),
          namespace: "web"
        )
    )
    #expect(
      try connection("inline").user
        == ClusterUser(
          token: .inline(Array("secret".utf8)),
          certificate: .inline(Array("cert".utf8)),
          key: .inline(Array("key".utf8))
        )
    )
    #expect(try connection("inline").namespace == "default")
  }

  @Test func `a plugin is taken as it stands`() throws {
    #expect(
      try connection("plugin").user.plugin
        == ExecPlugin(
          version: .v1,
          command: "/home/me/.kube/./bin/login",
          arguments: ["--cluster", "work"],
          environment: ["PROFILE": "mesh"],
          installHint: "get it somewhere",
          wantsClusterInfo: true
        )
    )
  }

  @Test(arguments: ["plain", "unchecked"])
  func `a server that nobody checks is refused unless that is asked for`(context: String) throws {
    let error = try #require(throws: ClusterConnectionError.self) { try connection(context) }
    #expect(error.description.contains("without checking who answers"))
    #expect(try connection(context, allowingInsecure: true).isInsecure == (context == "unchecked"))
  }

  @Test(arguments: [
    ("proxied", "proxy-url"), ("astray", "\"nowhere\""), ("stranger", "\"nobody\""), ("password", "username"),
    ("missing", "no context \"missing\""),
  ])
  func `what can't be used is refused by name`(context: String, word: String) throws {
    let error = try #require(throws: ClusterConnectionError.self) { try connection(context) }
    #expect(error.description.contains(word), "\(error)")
  }

  @Test(arguments: [
    ("[1]", "no mapping"), ("kind: Pod", "not Config"), ("clusters: 3", "clusters has to be a list"),
    ("users: [{user: {}}]", "has no name"), ("a: b\n---\nc: d", "no mapping"), ("a: [", "line"),
    ("users: [{name: u, user: {client-certificate: x}}]", "go together"),
    ("users: [{name: u, user: {exec: {command: x}}}]", "are understood"),
    ("users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1}}}]", "no command"),
    (
      "users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}}}]",
      "asks a person"
    ),
    ("clusters: [{name: c, cluster: {certificate-authority-data: '***'}}]", "no Base64"),
  ])
  func `what is no kubeconfig is refused with the reason`(text: String, word: String) throws {
    let error = try #require(throws: ClusterConnectionError.self) { try Kubeconfig(parsing: Array(text.utf8)) }
    #expect(error.description.contains(word), "\(error)")
  }

  @Test func `an empty file says nothing`() throws {
    let empty = try Kubeconfig(parsing: [])
    let error = try #require(throws: ClusterConnectionError.self) { try empty.connection() }
    #expect(error.description.contains("current-context"))
  }

  @Test func `of several files the first to say something counts`() throws {
    let folder = try TemporaryFolder()
    let one = try folder.write(
      "one",
      """
      current-context: b
      clusters: [{name: c, cluster: {server: "https://one"}}]
      """
    )
    let two = try folder.write(
      "two",
      """
      current-context: a
      clusters: [{name: c, cluster: {server: "https://two"}}, {name: d, cluster: {server: "https://two", certificate-authority: ca}}]
      contexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: d}}]
      """
    )
    let environment = ["KUBECONFIG": "\(folder.path)/missing:\(one):\(two)"]
    let found = try ClusterConnection.find(environment: environment)
    #expect(found.server == "https://two")
    #expect(found.certificateAuthority == .file("\(folder.path)/ca"))
    #expect(try ClusterConnection.find(context: "a", environment: environment).server == "https://one")
    // A flag's file alone, and it has to be there.
    #expect(try ClusterConnection.find(kubeconfig: two, environment: environment).server == "https://two")
    #expect(throws: ClusterConnectionError.self) {
      try ClusterConnection.find(kubeconfig: "\(folder.path)/missing", environment: environment)
    }
    #expect(throws: ClusterConnectionError.self) {
      try ClusterConnection.find(environment: ["KUBECONFIG": "\(folder.path)/missing"])
    }
    #expect(throws: ClusterConnectionError.self) { try ClusterConnection.find(environment: [:]) }
  }

  @Test func `texts of credentials are not printed`() throws {
    let user = try connection("inline").user
    #expect(!"\(user)".contains("secret"))
    #expect(!String(reflecting: user).contains("secret"))
  }
}
