import AdmissionWebhook
import FoundationEssentials
import NIOSSL
import ServingCertificate
import Testing

/// The serving certificate is replaced while requests are served.
struct CertificateSwapTests {
  @Test func `a swap under load drops nothing and reaches new handshakes`() async throws {
    try await withWebhook { webhook in
      let next = try SelfSignedServingCertificate.make(names: ["localhost"], now: Date(), validity: 3600)
      let request = Reviews.post(Reviews.body)
      let old = try webhook.clientTLS()
      var new = old
      new.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(next.authorityPEM.utf8)))
      let oldClients = OpenGate(count: 8)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            // Connections of the old certificate go on: before, during and after the swap.
            try await RawConnection.open(port: webhook.port, tls: old) { connection in
              for index in 0..<60 {
                try await connection.send(request)
                #expect(try await connection.readResponse()?.status == 200)
                if index == 20 { await oldClients.arrive() }
              }
            }
          }
        }
        await oldClients.wait()
        try webhook.certificates.replace(next.certificate)
        // New handshakes see the new certificate, and only that.
        for _ in 0..<10 {
          let response = try await RawConnection.open(port: webhook.port, tls: new) { connection in
            try await connection.send(request)
            return try await connection.readResponse()
          }
          #expect(response?.status == 200)
        }
        await #expect(throws: (any Error).self) {
          try await RawConnection.open(port: webhook.port, tls: old) { connection in
            try await connection.send(request)
            if try await connection.readResponse() == nil { throw CancellationError() }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
