import AmeshTesting
import KubernetesObjects
import Testing

@testable import KubernetesAPI

@Suite struct WatchLinesTests {
  @Test func `lines are the same however they are cut`() throws {
    let text = Array("one\n\ntwo\nthree\r\n{\"a\":\"é\"}\nrest".utf8)
    let expected = ["one", "two", "three\r", "{\"a\":\"é\"}"].map { Array($0.utf8) }
    var random = SeededRandom(seed: 7)
    for _ in 0..<200 {
      var lines = WatchLines(limit: 64)
      var found: [[UInt8]] = []
      var rest = text[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...12, using: &random))
        found += try lines.append(piece)
        rest = rest.dropFirst(piece.count)
      }
      #expect(found == expected)
      #expect(lines.isWithinLine)
    }
  }

  @Test func `a line that is too long is refused before it is kept`() throws {
    var lines = WatchLines(limit: 8)
    #expect(try lines.append(Array("12345678\n1234".utf8)) == [Array("12345678".utf8)])
    #expect(throws: APIError.transport(TransportError(.tooLarge, "an event of a watch has more than 8 bytes"))) {
      try lines.append(Array("56789".utf8))
    }
  }

  @Test func `events are read by their type`() throws {
    let event = { (text: String) in try WatchEvent(line: Array(text.utf8)) }
    let object = #"{"metadata":{"name":"a","resourceVersion":"7"}}"#
    guard case .added(let view) = try event(#"{"type":"ADDED","object":\#(object)}"#) else {
      Issue.record("not added")
      return
    }
    #expect(ObjectMetadata(of: view)?.resourceVersion == "7")
    guard case .bookmark("7") = try event(#"{"type":"BOOKMARK","object":\#(object)}"#) else {
      Issue.record("no bookmark")
      return
    }
    #expect(try event(#"{"type":"NEWER","object":\#(object)}"#) == nil)
    let gone = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#
    do throws(APIError) {
      _ = try WatchEvent(line: Array(gone.utf8))
      Issue.record("no error")
    } catch {
      #expect(error.isExpired)
    }
    for text in [
      "", "null", "{}", #"{"type":"ADDED"}"#, #"{"type":"ADDED","object":3}"#, #"{"type":"BOOKMARK","object":{}}"#,
    ] {
      #expect(throws: APIError.self, "\(text)") { try event(text) }
    }
  }
}
