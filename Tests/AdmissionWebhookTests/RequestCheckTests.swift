import AdmissionWebhook
import Injection
import Testing

struct RequestCheckTests {
  private func check(
    method: String = "POST",
    path: String = "/inject",
    contentType: String? = "application/json",
    contentLength: Int? = 100
  ) throws(HTTPProblem) -> WebhookRoute {
    try RequestCheck.route(
      method: method,
      path: path,
      contentType: contentType,
      contentLength: contentLength,
      maximumBodyBytes: 1000
    )
  }

  @Test(arguments: [
    ("/inject", WebhookSelector.labels), ("/inject/namespace", .namespace), ("/inject/pod", .pod),
    ("/inject/rev", .revision), ("/inject?timeout=5s", .labels), ("/inject/pod?timeout=10s&x=/y", .pod),
  ])
  func `the path tells the selector`(path: String, selector: WebhookSelector) throws {
    #expect(try check(path: path) == .injection(selector))
  }

  @Test func `plugin configurations have a path of their own`() throws {
    #expect(try check(path: "/validate/plugins?timeout=5s") == .plugins)
  }

  @Test(arguments: ["", "/", "/inject/", "/inject/other", "/INJECT", "/inject/pod/x", "*", "http://h/inject"])
  func `other paths are not found`(path: String) throws {
    let problem = try #require(throws: HTTPProblem.self) { try check(path: path) }
    #expect(problem.code == .notFound)
    #expect(problem.hint.contains("/inject/namespace"))
  }

  @Test(arguments: ["GET", "PUT", "HEAD", "DELETE", "OPTIONS", "post"])
  func `only POST is allowed`(method: String) throws {
    #expect(try #require(throws: HTTPProblem.self) { try check(method: method) }.code == .methodNotAllowed)
  }

  @Test(arguments: [
    "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
    " application/json ", "application/json ;q=1",
  ])
  func `media types are compared without parameters and case`(contentType: String) throws {
    #expect(try check(contentType: contentType) == .injection(.labels))
  }

  @Test(arguments: [nil, "", "text/plain", "application/jsonx", "application/yaml", "json", ";application/json"])
  func `other media types are refused`(contentType: String?) throws {
    #expect(
      try #require(throws: HTTPProblem.self) { try check(contentType: contentType) }.code == .unsupportedMediaType
    )
  }

  @Test func `a body over the cap is refused by its announced length`() throws {
    #expect(try check(contentLength: 1000) == .injection(.labels))
    #expect(try check(contentLength: nil) == .injection(.labels))
    #expect(try #require(throws: HTTPProblem.self) { try check(contentLength: 1001) }.code == .contentTooLarge)
    #expect(try #require(throws: HTTPProblem.self) { try check(contentLength: 0) } == .emptyBody)
  }
}
