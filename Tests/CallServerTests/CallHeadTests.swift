import GRPCCore
import NIOCore
import NIOHPACK
import Testing

@testable import CallServer

@Suite struct CallHeadTests {
  private static func headers(_ more: [(String, String)] = [], type: String? = "application/grpc") -> HPACKHeaders {
    var headers: HPACKHeaders = [":method": "POST", ":path": "/a.B/C"]
    if let type { headers.add(name: "content-type", value: type) }
    for (name, value) in more { headers.add(name: name, value: value) }
    return headers
  }

  @Test(arguments: ["application/grpc", "application/grpc+proto", "application/grpc;charset=x"])
  func `what a client of gRPC begins with`(_ type: String) throws {
    let head = try CallHead(Self.headers([("authorization", "Bearer a"), ("authorization", "Bearer b")], type: type))
    #expect(head.path == "/a.B/C")
    #expect(head.authorization == ["Bearer a", "Bearer b"])
    #expect(head.timeout == nil)
  }

  @Test(arguments: [nil, "", "text/html", "application/json", "application/grpc+json", "application/grpcx"])
  func `what is of no such client`(_ type: String?) {
    #expect(throws: CallHead.Refusal.notGRPC) { try CallHead(Self.headers(type: type)) }
  }

  @Test func `another method than POST is not gRPC`() {
    var headers = Self.headers()
    headers.replaceOrAdd(name: ":method", value: "GET")
    #expect(throws: CallHead.Refusal.notGRPC) { try CallHead(headers) }
  }

  @Test(arguments: [
    ("1H", TimeAmount.hours(1)), ("99999999H", .hours(24 * 366)), ("2M", .minutes(2)), ("3S", .seconds(3)),
    ("4m", .milliseconds(4)),
    ("5u", .microseconds(5)), ("99999999n", .nanoseconds(99_999_999)), ("0S", .seconds(0)),
  ])
  func `a timeout with each unit`(_ text: String, _ timeout: TimeAmount) throws {
    #expect(try CallHead(Self.headers([("grpc-timeout", text)])).timeout == timeout)
  }

  @Test(arguments: ["", "S", "1", "1s", "-1S", "+1S", "1.5S", "999999999S", "1 S", "１S", "99999999999999999999H"])
  func `a timeout that is none`(_ text: String) {
    #expect(throws: CallHead.Refusal.malformedTimeout) { try CallHead(Self.headers([("grpc-timeout", text)])) }
  }

  @Test func `a message of an error is readable, whatever is in it`() {
    let error = RPCError(code: .internalError, message: "100 % of \"ä\"\n", metadata: ["x-bin": .binary([1, 2])])
    let headers = HPACKHeaders.only(error)
    #expect(headers[":status"] == ["200"])
    #expect(headers["grpc-status"] == ["13"])
    #expect(headers["grpc-message"] == ["100 %25 of \"%C3%A4\"%0A"])
    #expect(headers["x-bin"] == ["AQI="])
    #expect(HPACKHeaders.end(nil)["grpc-status"] == ["0"])
  }
}
