import AdmissionWebhook
import KubernetesObjects
import NIOSSL
import Testing

/// Every kind of bad input, over a real TLS connection.
struct BadInputTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Int
    /// Part of the answer's error text.
    let says: String
    let request: [UInt8]

    init(_ description: String, _ status: Int, says: String, _ request: [UInt8]) {
      testDescription = description
      self.status = status
      self.says = says
      self.request = request
    }
  }

  private static let valid = Reviews.body

  private static func body(_ text: String) -> [UInt8] { Reviews.post(Array(text.utf8)) }

  private static func nested(_ depth: Int) -> JSONValue {
    var value: JSONValue = [:]
    for _ in 0..<depth { value = ["x": value] }
    return value
  }

  static let cases = [
    Case("GET", 405, says: "GET", Array("GET /inject HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
    Case("PUT", 405, says: "PUT", Array("PUT /inject HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}".utf8)),
    Case("wrong path", 404, says: "/mutate", Reviews.post(valid, path: "/mutate")),
    Case("wrong content type", 415, says: "text/plain", Reviews.post(valid, contentType: "text/plain")),
    Case("no content type", 415, says: "missing", Reviews.post(valid, contentType: nil)),
    Case("empty body", 400, says: "empty", Reviews.post([])),
    Case(
      "empty body in chunks",
      400,
      says: "empty",
      Array(
        ("POST /inject HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").utf8
      )
    ),
    Case("not JSON", 400, says: "byte 0", body("hello")),
    Case("YAML", 400, says: "JSON", body("kind: AdmissionReview\n")),
    Case("broken JSON", 400, says: "JSON", Reviews.post(Array(valid.dropLast()))),
    Case("two JSON texts", 400, says: "JSON", Reviews.post(valid + valid)),
    Case(
      "invalid UTF-8",
      400,
      says: "UTF-8",
      Reviews.post(Array("{\"kind\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8))
    ),
    Case("duplicate keys", 400, says: "\"kind\"", body("{\"kind\":\"AdmissionReview\",\"k\\u0069nd\":\"x\"}")),
    Case("nested too deep", 400, says: "128", Reviews.post(nested(200).serialized())),
    Case("an array", 400, says: "object", body("[]")),
    Case("another kind", 400, says: "\"Pod\"", body("{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}")),
    Case(
      "another version",
      400,
      says: "v2",
      body("{\"apiVersion\":\"admission.k8s.io/v2\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"1\"}}")
    ),
    Case(
      "no request",
      400,
      says: "request",
      body("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"}")
    ),
    Case(
      "request null",
      400,
      says: "request",
      body("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":null}")
    ),
    Case("no uid", 400, says: "uid", Reviews.post(Reviews.review { $0["uid"] = nil }.serialized())),
    Case("uid a number", 400, says: "uid", Reviews.post(Reviews.review { $0["uid"] = 1 }.serialized())),
  ]

  @Test(arguments: cases)
  func `bad input gets a clear answer`(_ row: Case) async throws {
    try await withWebhook { webhook in
      let response = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(row.request)
        return try await connection.readResponse()
      }
      let answer = try #require(response)
      #expect(answer.status == row.status)
      #expect(answer.headers["content-type"] == "application/json")
      #expect((answer.headers["allow"] == "POST") == (row.status == 405))
      let body = try JSONValue(parsing: Array(answer.body.utf8))
      #expect(body["error"]?.string?.contains(row.says) == true, "\(answer.body)")
      #expect(body["hint"]?.string?.isEmpty == false)
      #expect(webhook.metrics.value("amesh_webhook_http_errors_total{code=\(row.status)}") == 1)
    }
  }

  @Test func `broken HTTP is refused`() async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send("POST /inject HTTP/9.9 what\r\n\r\n\r\n")
        return await connection.readToEnd()
      }
      #expect(text.hasPrefix("HTTP/1.1 400"))
    }
  }

  @Test(arguments: ["application/json; charset=utf-8", "APPLICATION/JSON"])
  func `parameters of the content type don't matter`(contentType: String) async throws {
    try await withWebhook { webhook in
      let response = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Self.valid, contentType: contentType))
        return try await connection.readResponse()
      }
      #expect(response?.status == 200)
    }
  }

  @Test(arguments: ["123456789012345678901234567890", "-0.0000001e-999999", "1e999999999", "18446744073709551616"])
  func `numbers out of any range don't stop an answer`(number: String) async throws {
    try await withWebhook { webhook in
      let text = String(decoding: Self.valid, as: UTF8.self)
        .split(separator: "\"spec\":{").joined(separator: "\"spec\":{\"terminationGracePeriodSeconds\":\(number),")
      let response = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Array(text.utf8)))
        return try await connection.readResponse()
      }
      let answer = try #require(response)
      #expect(answer.status == 200)
      let body = try JSONValue(parsing: Array(answer.body.utf8))
      #expect(body["response"]?["uid"]?.string == Reviews.uid)
    }
  }

  @Test func `several requests, good and bad, share a connection`() async throws {
    try await withWebhook { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        for _ in 0..<3 {
          try await connection.send(Reviews.post(Self.valid))
          #expect(try await connection.readResponse()?.status == 200)
          try await connection.send(Reviews.post(Array("{}".utf8), headers: ["X-Other: 1"]))
          let bad = try await connection.readResponse()
          #expect(bad?.status == 400)
          // The body was read, or else the connection could not be used on.
          if bad?.headers["connection"] == "close" { return }
        }
      }
    }
  }
}
