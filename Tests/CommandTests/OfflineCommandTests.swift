import Foundation
import KubernetesObjects
import Testing

/// `amesh inject`, `uninject`, `explain` and `review` as a person or a script runs them.
@Suite struct OfflineCommandTests {
  static let deployment = """
    # a comment
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
      namespace: demo
    spec:
      unknownField: {kept: "yes"}
      template:
        metadata:
          labels: {app: web}
        spec:
          containers:
          - name: web
            image: nginx:1.27
            ports: [{name: http, containerPort: 8080}]
            livenessProbe: {httpGet: {path: /live, port: http}}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: settings}
    data: {answer: "42", said: "yes"}

    """

  @Test func `inject prints all objects, and uninject gives them back`() async throws {
    let scratch = try Scratch()
    try scratch.write("web.yaml", Self.deployment)
    let injected = try await RunningCommand.run(["inject", "-f", scratch.path("web.yaml"), "-o", "json"])
    #expect(injected.status == 0)
    #expect(injected.error.contains("injected Deployment/web in demo"))
    #expect(injected.error.contains("2 objects, 1 Pods: 1 injected, 0 skipped, 0 denied"))
    let items = try #require(try JSONValue(parsing: Array(injected.output.utf8))["items"]?.array)
    #expect(items.count == 2)
    #expect(items[0]["spec"]?["unknownField"]?["kept"] == "yes")
    #expect(items[0]["spec"]?["template"]?["spec"]?["initContainers"]?.array?.count == 2)
    #expect(items[1]["data"]?["said"] == "yes")

    try scratch.write("injected.json", injected.output)
    let back = try await RunningCommand.run(["uninject", "-f", scratch.path("injected.json"), "-o", "json"])
    let original = try await RunningCommand.run(["uninject", "-f", scratch.path("web.yaml"), "-o", "json"])
    #expect(back.status == 0)
    #expect(back.error.contains("Deployment/web: restored"))
    #expect(original.error.contains("Deployment/web: untouched"))
    let restored = try JSONValue(parsing: Array(back.output.utf8))["items"]?[0]
    #expect(restored == (try JSONValue(parsing: Array(original.output.utf8)))["items"]?[0])
  }

  @Test func `a second inject changes nothing, through YAML too`() async throws {
    let scratch = try Scratch()
    try scratch.write("web.yaml", Self.deployment)
    let once = try await RunningCommand.run(["inject", "-f", scratch.path("web.yaml")])
    try scratch.write("once.yaml", once.output)
    let twice = try await RunningCommand.run(["inject", "-f", scratch.path("once.yaml")])
    #expect(twice.output == once.output)
    let patch = try await RunningCommand.run(["inject", "-f", scratch.path("once.yaml"), "-o", "patch"])
    #expect(try JSONValue(parsing: Array(patch.output.utf8))[0]?["patch"] == [])
  }

  @Test func `standard input is read, and quiet is quiet`() async throws {
    let result = try await RunningCommand.run(["inject", "-q", "-f", "-"], input: Self.deployment)
    #expect(result.status == 0)
    #expect(result.output.contains("name: amesh-proxy"))
    #expect(result.error == "")
  }

  @Test func `a denied Pod ends with 1 and the cure, and stays as it is`() async throws {
    let scratch = try Scratch()
    try scratch.write(
      "bad.yaml",
      """
      kind: Pod
      apiVersion: v1
      metadata:
        name: bad
        annotations: {amesh.apisix.apache.org/include-inbound-ports: "80x"}
      spec: {containers: [{name: a, image: b}]}
      """
    )
    let result = try await RunningCommand.run(["inject", "-f", scratch.path("bad.yaml")])
    #expect(result.status == 1)
    #expect(result.error.contains("amesh.apisix.apache.org/include-inbound-ports"))
    #expect(result.error.contains("80x"))
    #expect(result.error.contains("[invalid-annotation]"))
    #expect(!result.output.contains("amesh-proxy"))
    let explained = try await RunningCommand.run(["explain", "-f", scratch.path("bad.yaml")])
    #expect(explained.status == 1)
  }

  @Test func `a Pod that can't be read ends each command with 1, and stays as it is`() async throws {
    let pods = [
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"odd"},"spec":{"containers":[{"image":"a"}]}}"#,
      #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"odd"},"spec":{"containers":"web"}}"#,
    ]
    for pod in pods {
      let injected = try await RunningCommand.run(["inject", "-q", "-f", "-", "-o", "json"], input: pod)
      #expect(injected.status == 1)
      #expect(injected.error.contains("denied Pod/odd in default: "))
      #expect(injected.error.contains("[malformed-pod]"))
      #expect(try JSONValue(parsing: Array(injected.output.utf8)) == JSONValue(parsing: Array(pod.utf8)))
      let explained = try await RunningCommand.run(["explain", "-f", "-"], input: pod)
      #expect(explained.status == 1)
      #expect(explained.output.contains("[malformed-pod]"))
      let back = try await RunningCommand.run(["uninject", "-f", "-", "-o", "json"], input: pod)
      #expect(back.status == 0)
      #expect(try JSONValue(parsing: Array(back.output.utf8)) == JSONValue(parsing: Array(pod.utf8)))
    }
  }

  @Test func `a Job is warned of a classic sidecar, with the cure`() async throws {
    let job = """
      apiVersion: batch/v1
      kind: Job
      metadata: {name: report}
      spec: {template: {spec: {containers: [{name: a, image: b}]}}}
      """
    for command in ["inject", "explain"] {
      let classic = try await RunningCommand.run([command, "-f", "-", "--kubernetes-version", "1.28"], input: job)
      let text = command == "inject" ? classic.error : classic.output
      #expect(text.contains("warning: a Job never ends beside a classic sidecar"))
      #expect(text.contains(#"amesh.apisix.apache.org/inject: "false""#))
      let native = try await RunningCommand.run([command, "-f", "-", "--kubernetes-version", "1.29"], input: job)
      #expect(!(native.error + native.output).contains("warning:"))
    }
  }

  @Test(arguments: ["inject", "uninject", "explain"])
  func `standard input is read up to a limit`(command: String) async throws {
    let limit = 16 << 20
    // JSON values may have any white space between them.
    let input = "{}" + String(repeating: " ", count: limit - 1)
    let over = try await RunningCommand.run([command, "-f", "-"], input: input)
    #expect(over.status == 66)
    #expect(over.error.contains("standard input: larger than \(limit) bytes"))
    #expect(over.output == "")
  }

  @Test func `explain names the row and the source of each setting, and ends with 3 for a skipped Pod`() async throws {
    let result = try await RunningCommand.run(
      ["explain", "-f", "-", "--set", "mesh.injection.proxy.logLevel=debug"],
      input: Self.deployment
    )
    #expect(result.status == 0)
    #expect(result.output.contains("[namespace-enabled]"))
    let level = result.output.split(separator: "\n").first { $0.contains("log-level") }
    #expect(level?.split(separator: " ").map(String.init) == ["log-level", "mesh", "debug"])

    let skipped = try await RunningCommand.run(
      ["explain", "-f", "-", "--namespace-label", "amesh.apisix.apache.org/injection=disabled"],
      input: Self.deployment
    )
    #expect(skipped.status == 3)
    #expect(skipped.output.contains("[namespace-disabled]"))

    let table = try await RunningCommand.run(["explain", "--table"])
    #expect(table.status == 0)
    #expect(table.output.contains("host-network"))
  }

  @Test(arguments: [
    (
      ["inject", "-f", "/no/such/file"], Int32(66), "/no/such/file: cannot be read: No such file or directory; check -f"
    ),
    (["review", "-f", "-", "--ca-file", "/no/ca"], 66, "--ca-file /no/ca: cannot be read: No such file"),
    (["inject"], 64, "-f"),
    (["explain"], 64, "--table"),
    (["inject", "-f", "-", "-o", "xml"], 64, "xml"),
    (["inject", "-f", "-", "--namespace-label", "a b=c"], 64, "a b=c"),
    (["inject", "-f", "-", "--kubernetes-version", "new"], 64, "new"),
    (["inject", "-f", "-", "--set", "mesh.nothing=1"], 64, "mesh.nothing"),
  ])
  func `wrong usage is told with its exit code`(arguments: [String], status: Int32, names: String) async throws {
    let result = try await RunningCommand.run(arguments, input: "")
    #expect(result.status == status)
    #expect(result.error.contains(names))
    #expect(result.output == "")
  }

  @Test func `every file that can't be parsed is named with its line`() async throws {
    let scratch = try Scratch()
    try scratch.write("a.yaml", "kind: Pod\nkind: Pod\n")
    try scratch.write("b.yaml", "x: [1,\n")
    try scratch.write("c.txt", "not looked at: [")
    let result = try await RunningCommand.run(["inject", "-f", scratch.path("")])
    #expect(result.status == 65)
    #expect(result.error.contains("a.yaml: line 1, column 1: the key \"kind\""))
    #expect(result.error.contains("b.yaml: line"))
    #expect(!result.error.contains("c.txt"))
  }

  @Test func `review asks a running webhook and shows what it would change`() async throws {
    let scratch = try Scratch()
    try scratch.write("web.yaml", Self.deployment)
    let server = try RunningCommand([
      "serve", "--state-directory", scratch.path("state"), "--webhook-port", "0", "--admin-port", "0",
      "--identity-port", "0",
      "--log-format", "json",
    ])
    let port = try await server.port(of: "webhook")
    let common = ["review", "-f", scratch.path("web.yaml"), "--ca-file", scratch.path("state/serving/ca.crt")]
    let url = "https://127.0.0.1:\(port)/inject"
    let enabled = try await RunningCommand.run(common + ["--url", url + "/namespace"])
    #expect(enabled.status == 0)
    #expect(enabled.output.contains("Deployment/web in namespace demo: injected"))
    #expect(enabled.output.contains("  -         path: /live"))
    #expect(enabled.output.contains("  +   - name: amesh-proxy"))
    let plain = try await RunningCommand.run(common + ["--url", url])
    #expect(plain.status == 0)
    #expect(plain.output.contains("allowed, unchanged"))
    #expect(plain.output.contains("not-enabled"))
    let lost = try await RunningCommand.run(common + ["--url", url + "/nowhere"])
    #expect(lost.status == 1)
    #expect(lost.error.contains("404"))
    server.send(SIGTERM)
    #expect(try await server.wait().status == 0)
    let gone = try await RunningCommand.run(common + ["--url", url])
    #expect(gone.status == 69)
  }
}
