import KubernetesObjects
import Logging
import Observability
import Synchronization
import Testing

struct LogHandlerTests {
  private struct Broken: Error, CustomStringConvertible { let description = "no \"way\"" }

  @Test func `JSON has one object a line`() throws {
    let lines = Lines()
    var handler = JSONLogHandler(label: "webhook", output: lines.output, now: { Timestamp(milliseconds: 1500) })
    handler[metadataKey: "instance"] = "a"
    let logger = Logger(label: "webhook") { _ in handler }
    logger.info("denied\nthis", metadata: ["n": .stringConvertible(5), "list": ["x", ["k": "v"]], "message": "mine"])
    logger.error("failed", error: Broken())
    logger.debug("not shown")
    #expect(
      lines.text == """
        {"time":"1970-01-01T00:00:01.500Z","level":"info","logger":"webhook","message":"denied\\nthis",\
        "instance":"a","list":["x",{"k":"v"}],"metadata.message":"mine","n":5}
        {"time":"1970-01-01T00:00:01.500Z","level":"error","logger":"webhook","message":"failed","error":"no \\"way\\"",\
        "instance":"a"}

        """
    )
    for line in lines.text.split(separator: "\n") {
      #expect(throws: Never.self) { try JSONValue(parsing: Array(line.utf8)) }
    }
  }

  @Test func `Text keeps each event on its line`() {
    let lines = Lines()
    let handler = TextLogHandler(label: "webhook", output: lines.output, now: { Timestamp(milliseconds: 0) })
    let logger = Logger(label: "webhook") { _ in handler }
    logger.warning("a\nb\u{1B}[31m", metadata: ["pod": "web-1", "why": "two words", "empty": "", "q": "say \"x\""])
    #expect(
      lines.text
        == "1970-01-01T00:00:00.000Z warning  webhook: a\\nb\\u{1b}[31m empty=\"\" pod=web-1 q=\"say \\\"x\\\"\" why=\"two words\"\n"
    )
  }

  @Test func `The event's metadata wins over its logger's`() {
    let lines = Lines()
    var handler = TextLogHandler(label: "l", output: lines.output, now: { Timestamp(milliseconds: 0) })
    handler.metadata = ["a": "1", "b": "1", "c": "1"]
    handler.metadataProvider = Logger.MetadataProvider { ["b": "2", "c": "2"] }
    Logger(label: "l") { [handler] _ in handler }.info("m", metadata: ["c": "3"])
    #expect(lines.text == "1970-01-01T00:00:00.000Z info     l: m a=1 b=2 c=3\n")
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
      (1_735_689_599_001, "2024-12-31T23:59:59.001Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)]
  )
  func `Times are spelled by RFC 3339`(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
  }
}

private final class Lines: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  var output: LogOutput { LogOutput { [self] line in bytes.withLock { $0 += line } } }
  var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}
