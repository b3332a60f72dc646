import AdmissionWebhook
import KubernetesObjects
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// What the webhook does not wait for and does not take in.
struct LimitTests {
  private static let head =
    "POST /inject HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

  @Test func `a body over the cap is refused before it is sent`() async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Self.head + "Content-Length: \(7 << 20 + 1)\r\n\r\n")
        return await connection.readToEnd()
      }
      let (response, rest) = try #require(RawResponse.parse(text))
      #expect(response.status == 413)
      #expect(response.headers["connection"] == "close")
      #expect(response.body.contains("7340032"))
      #expect(rest.isEmpty)
    }
  }

  @Test func `a body in chunks is refused as soon as it is over the cap`() async throws {
    try await withWebhook {
      $0.maximumBodyBytes = 100_000
    } _: { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Self.head + "Transfer-Encoding: chunked\r\n\r\n")
        let chunk = String(repeating: " ", count: 0x4000)
        // Endless, if nobody said stop.
        for _ in 0..<40 { try? await connection.send("4000\r\n\(chunk)\r\n") }
        return await connection.readToEnd()
      }
      let (response, _) = try #require(RawResponse.parse(text))
      #expect(response.status == 413)
      #expect(response.headers["connection"] == "close")
    }
  }

  @Test(arguments: [
    "POST /inject HT",
    "POST /inject HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "POST /inject HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    "POST /inject HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{",
  ])
  func `a client that stops in the middle of a request is told so`(start: String) async throws {
    try await withWebhook {
      $0.timeouts.request = .milliseconds(200)
    } _: { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(start)
        return await connection.readToEnd()
      }
      let (response, rest) = try #require(RawResponse.parse(text))
      #expect(response.status == 408)
      #expect(response.headers["connection"] == "close")
      #expect(rest.isEmpty)
      #expect(webhook.metrics.value("amesh_webhook_http_errors_total{code=408}") == 1)
      #expect(webhook.metrics.value("amesh_webhook_http_errors_total{code=400}") == nil)
    }
  }

  @Test func `a connection that is silent too long is closed`() async throws {
    try await withWebhook {
      $0.timeouts.idle = .seconds(2)
    } _: { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Reviews.body))
        let response = try await connection.readResponse()
        #expect(response?.status == 200)
        return await connection.readToEnd()
      }
      #expect(text.isEmpty)
    }
  }

  @Test func `a connection without a handshake is closed`() async throws {
    try await withWebhook {
      $0.timeouts.handshake = .milliseconds(200)
    } _: { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: nil) { await $0.readToEnd() }
      #expect(text.isEmpty)
    }
  }

  @Test func `bytes that are no TLS end the connection, not the server`() async throws {
    try await withWebhook { webhook in
      for garbage in ["\u{16}\u{3}\u{1}\u{0}\u{5}nonsense", "SSH-2.0-x\r\n", String(repeating: "\u{0}", count: 5000)] {
        let answer = try await RawConnection.open(port: webhook.port, tls: nil) { connection in
          try? await connection.send(garbage)
          return await connection.readToEnd()
        }
        #expect(!answer.hasPrefix("HTTP"))
      }
      let response = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Reviews.body))
        return try await connection.readResponse()
      }
      #expect(response?.status == 200)
    }
  }

  @Test func `plain HTTP to the TLS port is told so`() async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: nil) { connection in
        try await connection.send(Reviews.post(Reviews.body))
        return await connection.readToEnd()
      }
      let (response, _) = try #require(RawResponse.parse(text))
      #expect(response.status == 400)
      #expect(response.body.contains("https://"))
    }
  }

  @Test func `TLS below 1.2 is refused`() async throws {
    try await withWebhook { webhook in
      var tls = try webhook.clientTLS()
      tls.minimumTLSVersion = .tlsv1
      tls.maximumTLSVersion = .tlsv11
      await #expect(throws: (any Error).self) {
        try await RawConnection.open(port: webhook.port, tls: tls) { connection in
          try await connection.send(Reviews.post(Reviews.body))
          let response = try await connection.readResponse()
          #expect(response == nil)
        }
      }
      tls.minimumTLSVersion = .tlsv12
      tls.maximumTLSVersion = .tlsv12
      let response = try await RawConnection.open(port: webhook.port, tls: tls) { connection in
        try await connection.send(Reviews.post(Reviews.body))
        return try await connection.readResponse()
      }
      #expect(response?.status == 200)
    }
  }

  @Test func `bodies beyond the budget are sent away for a while`() async throws {
    let body = Reviews.body
    try await withWebhook {
      $0.bodyBudgetBytes = body.count + 10
    } _: { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { slow in
        // Takes nearly the whole budget, and keeps it.
        try await slow.send(Self.head + "Content-Length: \(body.count)\r\n\r\n")
        try await slow.send(Array(body.dropLast()))
        // Until those bytes are read.
        while webhook.bodyBudget.freeBytes > 11 { try await Task.sleep(for: .milliseconds(1)) }
        let refused = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
          try await connection.send(Reviews.post(body))
          return try await connection.readResponse()
        }
        #expect(refused?.status == 503)
        #expect(refused?.headers["retry-after"] == "1")
        try await slow.send(Array(body.suffix(1)))
        #expect(try await slow.readResponse()?.status == 200)
      }
      let welcome = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(body))
        return try await connection.readResponse()
      }
      #expect(welcome?.status == 200)
    }
  }

  @Test func `a large body that is announced and not sent takes nothing from others`() async throws {
    let body = Reviews.body
    try await withWebhook {
      $0.bodyBudgetBytes = 1 << 20
    } _: { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { slow in
        try await slow.send(Self.head + "Expect: 100-continue\r\nContent-Length: \(1 << 20)\r\n\r\n")
        #expect(try await slow.readResponse()?.status == 100)
        let response = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
          try await connection.send(Reviews.post(body))
          return try await connection.readResponse()
        }
        #expect(response?.status == 200)
      }
    }
  }

  @Test func `large bodies leave a part of the budget to small ones`() {
    let budget = BodyBudget(bytes: 800)
    #expect(!budget.reserve(701, isLarge: true))
    #expect(budget.reserve(700, isLarge: true))
    #expect(!budget.reserve(1, isLarge: true))
    #expect(budget.reserve(100))
    #expect(!budget.reserve(1))
    budget.release(800)
    #expect(budget.freeBytes == 800)
  }

  @Test func `large reviews are all answered, though one at a time`() async throws {
    let body = Reviews.body + [UInt8](repeating: 32, count: 2 << 20)
    try await withWebhook { webhook in
      try await withThrowingTaskGroup(of: Int?.self) { group in
        for index in 0..<8 {
          group.addTask {
            try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
              // Some of them can't be parsed.
              try await connection.send(Reviews.post(body + (index.isMultiple(of: 2) ? [] : [0x7B])))
              return try await connection.readResponse()?.status
            }
          }
        }
        var statuses: [Int?] = []
        for try await status in group { statuses.append(status) }
        #expect(statuses.filter { $0 == 200 }.count == 4)
        #expect(statuses.filter { $0 == 400 }.count == 4)
      }
    }
  }

  @Test(arguments: [
    "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "X-Long: \(String(repeating: "x", count: 200_000))\r\n",
  ])
  func `what the codec refuses is explained`(headers: String) async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try? await connection.send(Self.head + headers + "\r\n{}")
        return await connection.readToEnd()
      }
      let (response, rest) = try #require(RawResponse.parse(text))
      #expect(response.status == 400)
      #expect(response.headers["connection"] == "close")
      #expect(response.headers["content-type"] == "application/json")
      #expect(response.body.contains("Content-Length"))
      #expect(rest.isEmpty)
      #expect(webhook.metrics.value("amesh_webhook_http_errors_total{code=400}") == 1)
    }
  }

  @Test func `requests sent ahead of their turn are all answered`() async throws {
    try await withWebhook { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let request = Reviews.post(Reviews.body)
        try await connection.send(Array(repeating: request, count: 20).flatMap { $0 })
        for _ in 0..<20 { #expect(try await connection.readResponse()?.status == 200) }
      }
    }
  }

  @Test func `a client that wants the connection closed gets its answer first`() async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Reviews.body, headers: ["Connection: Close"]))
        return await connection.readToEnd()
      }
      let (response, rest) = try #require(RawResponse.parse(text))
      #expect(response.status == 200)
      #expect(response.headers["connection"] == "close")
      #expect(rest.isEmpty)
    }
  }

  @Test func `beyond the maximum, connections wait until one closes`() async throws {
    try await withWebhook {
      $0.maximumConnections = 1
    } _: { webhook in
      let request = Reviews.post(Reviews.body)
      try await withThrowingTaskGroup(of: Int?.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
              try await connection.send(request)
              return try await connection.readResponse()?.status
            }
          }
        }
        for try await status in group { #expect(status == 200) }
      }
    }
  }
}
