import Testing

@testable import KubernetesAPI

@Suite struct InClusterTests {
  private func find(_ host: String?, _ port: String?, files: [String: String]? = nil) throws -> ClusterConnection? {
    var environment: [String: String] = [:]
    environment["KUBERNETES_SERVICE_HOST"] = host
    environment["KUBERNETES_SERVICE_PORT"] = port
    let files = files ?? ["/sa/token": "t", "/sa/ca.crt": "c", "/sa/namespace": "amesh-system\n"]
    return try ClusterConnection.inCluster(environment: environment, folder: "/sa") { files[$0].map { Array($0.utf8) } }
  }

  @Test(arguments: [
    ("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443"), ("host", "https://host:443"),
  ])
  func `the server is where the environment says`(host: String, server: String) throws {
    let connection = try #require(try find(host, "443"))
    #expect(connection.server == server)
    #expect(connection.certificateAuthority == .file("/sa/ca.crt"))
    #expect(connection.user == ClusterUser(token: .file("/sa/token")))
    #expect(connection.namespace == "amesh-system")
    #expect(!connection.isInsecure)
  }

  @Test func `outside of a cluster there is none`() throws {
    #expect(try find(nil, nil) == nil)
    #expect(try find("10.96.0.1", nil) == nil)
    #expect(try find("", "443") == nil)
  }

  @Test(arguments: ["0", "65536", "-1", "tcp://1.2.3.4:443"]) func `a port that is none is refused`(port: String) {
    #expect(throws: ClusterConnectionError.self) { try find("10.96.0.1", port) }
  }

  @Test func `without a token or CA the cure is named`() throws {
    for files in [["/sa/token": "t"], ["/sa/ca.crt": "c"]] {
      let error = try #require(throws: ClusterConnectionError.self) { try find("10.96.0.1", "443", files: files) }
      #expect(error.description.contains("automountServiceAccountToken"))
    }
    let connection = try find("10.96.0.1", "443", files: ["/sa/token": "t", "/sa/ca.crt": "c"])
    #expect(connection?.namespace == "default")
  }
}
