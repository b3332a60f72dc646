import Testing

@testable import KubernetesAPI

@Suite struct KubernetesErrorTests {
  private func error(_ code: Int, _ body: String, retryAfter: String? = nil) -> KubernetesError {
    KubernetesError(code: code, body: Array(body.utf8), retryAfter: retryAfter)
  }

  private func status(_ code: Int, _ reason: String) -> String {
    #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"it is so","reason":"\#(reason)","code":\#(code)}"#
  }

  @Test func `a Status is what it says`() {
    let kinds: [(Int, String, KeyPath<KubernetesError, Bool>)] = [
      (404, "NotFound", \.isNotFound), (409, "Conflict", \.isConflict), (409, "AlreadyExists", \.isAlreadyExists),
      (410, "Expired", \.isExpired), (410, "Gone", \.isExpired), (403, "Forbidden", \.isForbidden),
      (401, "Unauthorized", \.isUnauthorized), (422, "Invalid", \.isInvalid), (429, "TooManyRequests", \.isThrottled),
    ]
    for (code, reason, property) in kinds {
      let error = error(code, status(code, reason))
      for (_, _, other) in kinds { #expect(error[keyPath: other] == (other == property), "\(reason) \(other)") }
      #expect(error.description.contains("it is so"))
    }
  }

  @Test func `the wait is the header's, else the Status', and has an end`() {
    #expect(error(429, "{}", retryAfter: "7").retryAfter == .seconds(7))
    #expect(error(429, #"{"kind":"Status","details":{"retryAfterSeconds":3}}"#).retryAfter == .seconds(3))
    #expect(
      error(429, #"{"kind":"Status","details":{"retryAfterSeconds":3}}"#, retryAfter: "9").retryAfter == .seconds(9)
    )
    #expect(error(429, "{}", retryAfter: "99999999999").retryAfter == .seconds(300))
    for text in ["-1", "soon", "Fri, 31 Dec 1999 23:59:59 GMT", "99999999999999999999999"] {
      #expect(error(429, "{}", retryAfter: text).retryAfter == nil)
    }
  }

  @Test func `what is no Status is told in its first line`() {
    #expect(error(502, "Bad Gateway\n<html>").message == "Bad Gateway")
    #expect(error(502, "").message == "no message")
    #expect(error(502, String(repeating: "x", count: 100_000)).message.count == 1024)
    #expect(
      error(500, #"{"kind":"Status","message":3,"code":"x"}"#) == KubernetesError(code: 500, message: "no message")
    )
  }

  @Test func `an outage is the server's trouble, not its opinion`() {
    #expect(APIError.refused(error(503, "")).isOutage)
    #expect(APIError.refused(error(429, "")).isOutage)
    #expect(APIError.transport(TransportError(.cut, "")).isOutage)
    #expect(!APIError.transport(TransportError(.cancelled, "")).isOutage)
    #expect(!APIError.refused(error(403, "")).isOutage)
  }
}
