import KubernetesObjects
import KubernetesYAML
import Testing

/// What `kubectl` makes of scalars: the rules of sigs.k8s.io/yaml.
struct YAMLScalarTests {
  @Test(
    arguments: [
      ("true", true), ("True", true), ("TRUE", true), ("yes", true), ("Yes", true), ("on", true), ("ON", true),
      ("y", true), ("Y", true), ("false", false), ("no", false), ("No", false), ("off", false), ("n", false),
      ("N", false), ("!!bool yes", true),
    ]
  )
  func `Words of YAML 1.1 are booleans`(text: String, expected: Bool) throws {
    #expect(try read(text) == .bool(expected))
  }

  @Test(arguments: ["", "~", "null", "Null", "NULL", "!!null null"])
  func `Null has five spellings`(text: String) throws {
    #expect(try read(text) == .null)
  }

  @Test(
    arguments: [
      ("0", "0"), ("-0", "0"), ("+7", "7"), ("12", "12"), ("1_000", "1000"), ("0x1F", "31"), ("-0x10", "-16"),
      ("0644", "420"), ("0o17", "15"), ("0b101", "5"), ("-0b11", "-3"), ("00", "0"),
      ("18446744073709551615", "18446744073709551615"), ("-9223372036854775808", "-9223372036854775808"),
      ("123456789012345678901234567890", "123456789012345678901234567890"), ("!!int 3", "3"), ("!!int \"3\"", "3"),
    ]
  )
  func `Integers are decimal, hexadecimal, octal or binary`(text: String, spelling: String) throws {
    #expect(try read(text) == .number(try #require(JSONNumber(spelling: spelling))))
  }

  @Test(
    arguments: [
      ("1.5", "1.5"), ("1.10", "1.10"), ("1.", "1"), (".5", "0.5"), ("-.5", "-0.5"), ("+1.5", "1.5"), ("1e3", "1e3"),
      ("1E+3", "1E+3"), ("08", "8"), ("09.5", "9.5"), ("1e999", "1e999"), ("!!float 3", "3"),
    ]
  )
  func `Floats keep their spelling where JSON has it`(text: String, spelling: String) throws {
    guard case .number(let number) = try read(text) else {
      Issue.record("\(text) is no number")
      return
    }
    #expect(number.spelling == spelling)
  }

  @Test(
    arguments: [
      "1.2.3", "10.0.0.1", "12:30:45", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "0x", "0b2", "1e", "e3", ".",
      "+", "--1", "+-1", "0x-1", "1-2", "a", "yeS", "nULL", "trues", "0o8", "_1", ".e3", "1 2", "-.", "0b", "=",
    ]
  )
  func `What looks like a number but is none is a string`(text: String) throws {
    #expect(try read(text) == .string(text))
  }

  @Test(arguments: ["'yes'", "\"yes\"", "!!str yes", "! yes"])
  func `Quotes and the string tag make a string`(text: String) throws {
    #expect(try read(text) == "yes")
  }

  @Test(arguments: [".inf", "-.Inf", "+.INF", ".nan", ".NaN"])
  func `Numbers that JSON does not have are refused`(text: String) {
    #expect(throws: YAMLError("JSON has no number \(text); quote it if it is a string", at: .init(line: 1, column: 4)))
    {
      try read(text)
    }
  }

  @Test(arguments: ["!!int a", "!!bool 3", "!!float x", "!!null 0", "!!int 1.5"])
  func `A tag that does not fit is refused`(text: String) {
    #expect(throws: YAMLError.self) { try read(text) }
  }

  @Test(arguments: ["!!binary aGk=", "!custom x", "!!set {a: null}", "!!omap [a: 1]", "!local [1]"])
  func `Tags that JSON has no type for are refused`(text: String) throws {
    let error = try #require(throws: YAMLError.self) { try read(text) }
    #expect(error.message.contains("is not read"))
    #expect(error.mark == SourceMark(line: 1, column: 4))
  }

  private func read(_ scalar: String) throws -> JSONValue {
    let document = try #require(try YAMLDocument.stream(Array("v: \(scalar)".utf8)).first)
    return try #require(document.value["v"])
  }
}
