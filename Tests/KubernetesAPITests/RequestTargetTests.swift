import Testing

@testable import KubernetesAPI

@Suite struct RequestTargetTests {
  @Test func `paths are those of the API`() throws {
    let path = RequestTarget.path
    #expect(try path(.pods, "web", "one", nil) == "/api/v1/namespaces/web/pods/one")
    #expect(try path(.pods, nil, nil, nil) == "/api/v1/pods")
    #expect(try path(.namespaces, nil, "web", "status") == "/api/v1/namespaces/web/status")
    #expect(try path(.leases, "a", "b", nil) == "/apis/coordination.k8s.io/v1/namespaces/a/leases/b")
    #expect(try path(.serviceAccounts, "a", "b", "token") == "/api/v1/namespaces/a/serviceaccounts/b/token")
    let nodes = KubernetesResource(
      group: "x.example",
      version: "v1beta2",
      plural: "odds",
      kind: "Odd",
      isNamespaced: false
    )
    #expect(try path(nodes, nil, "system:a b", nil) == "/apis/x.example/v1beta2/odds/system%3Aa%20b")
  }

  @Test(arguments: ["", ".", "..", "a/b", "../secrets", "a%2Fb"])
  func `no name leads elsewhere`(name: String) {
    #expect(throws: APIError.self) { try RequestTarget.path(.pods, namespace: "web", name: name) }
    #expect(throws: APIError.self) { try RequestTarget.path(.pods, namespace: name, name: "web") }
  }

  @Test func `a namespace is there where it belongs and nowhere else`() {
    #expect(throws: APIError.self) { try RequestTarget.path(.namespaces, namespace: "web", name: "one") }
    #expect(throws: APIError.self) { try RequestTarget.path(.pods, namespace: nil, name: "one") }
  }

  @Test func `queries are escaped`() {
    #expect(RequestTarget.query([]) == "")
    #expect(
      RequestTarget.query([("labelSelector", "a=b,c in (d,é)"), ("x", "1&y=2")])
        == "?labelSelector=a%3Db%2Cc%20in%20%28d%2C%C3%A9%29&x=1%26y%3D2"
    )
  }

  @Test(arguments: ["", "version", "http://other", "/a b", "/a#b", "/a\r\nb", "/é"])
  func `no path but one of the server is read`(path: String) {
    #expect(throws: APIError.self) { try Call(reading: path) }
  }

  @Test(
    arguments: [
      ("https://127.0.0.1:6443", nil, "https://127.0.0.1:6443", [:]),
      ("https://host/prefix/", nil, "https://host/prefix", [:]),
      ("https://127.0.0.1:6443", "kubernetes", "https://kubernetes:6443", ["kubernetes": "127.0.0.1"]),
      ("https://[::1]:6443", "kubernetes", "https://kubernetes:6443", ["kubernetes": "::1"]),
      ("https://host", "host", "https://host", [:]),
    ] as [(String, String?, String, [String: String])]
  )
  func `the address is the host's, the name the certificate's`(
    server: String,
    name: String?,
    base: String,
    overrides: [String: String]
  ) throws {
    let address = try ServerAddress(ClusterConnection(server: server, tlsServerName: name))
    #expect(address.base == base)
    #expect(address.overrides == overrides)
  }

  @Test(arguments: ["", "host", "ftp://host", "https://", "https://a:b@host", "https://host?x", "https://host#x"])
  func `what is no address is refused`(server: String) {
    #expect(throws: ClusterConnectionError.self) { try ServerAddress(ClusterConnection(server: server)) }
  }
}
