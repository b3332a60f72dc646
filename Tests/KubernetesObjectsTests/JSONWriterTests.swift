import KubernetesObjects
import Testing

@Suite struct JSONWriterTests {
  static func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter(reservingCapacity: 16)
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func `separates members and elements`() throws {
    let view = try JSONDocument(parsing: Array(#"{"a": [1, 2]}"#.utf8)).root
    let text = Self.text { writer in
      writer.object { writer in
        writer.member("s", "x")
        writer.member("i", -5)
        writer.member("b", false)
        writer.member("o", object: { writer in writer.member("n", .null) })
        writer.member(
          "l",
          array: { writer in
            writer.integer(1)
            writer.array { _ in }
            writer.object { _ in }
            writer.null()
            writer.bool(true)
            writer.string("y")
            writer.raw(Array("7.0".utf8))
            writer.view(view)
            writer.value([1, "z"])
          }
        )
        writer.member("r", raw: Array("[]".utf8))
        writer.member("v", view)
        writer.key("k")
        writer.array { writer in writer.integer(0) }
      }
    }
    #expect(
      text == #"{"s":"x","i":-5,"b":false,"o":{"n":null},"l":[1,[],{},null,true,"y",7.0,{"a": [1, 2]},[1,"z"]],"#
        + #""r":[],"v":{"a": [1, 2]},"k":[0]}"#
    )
  }

  @Test(arguments: [0, 1, 9, 10, 99, 100, -1, -9, -10, 65535, Int.max, Int.min])
  func `writes integers`(_ integer: Int) {
    #expect(Self.text { $0.integer(integer) } == String(integer))
  }

  @Test func `escapes what has to be and nothing else`() throws {
    #expect(Self.text { $0.string("\"\\\n\r\t\u{8}\u{C}\u{0}\u{1F}") } == #""\"\\\n\r\t\b\f\u0000\u001f""#)
    #expect(Self.text { $0.string("/é😀\u{7F}\u{2028}") } == "\"/é😀\u{7F}\u{2028}\"")
    for scalar in (0..<0x300).compactMap(Unicode.Scalar.init) {
      let string = "abc\(scalar)defghijk"
      let written = Self.text { $0.string(string) }
      #expect(try JSONDocument(parsing: Array(written.utf8)).root.equals(string))
    }
  }

  @Test(arguments: 1...20) func `an escape may stand anywhere in a string of any length`(length: Int) throws {
    for escaped in ["\"", "\\", "\u{1}", "\n"] as [Character] {
      for position in 0..<length {
        var characters = Array("abcdefghijklmnopqrst".prefix(length))
        characters[position] = escaped
        let string = String(characters)
        let written = Self.text { $0.string(string) }
        #expect(written == Self.text { $0.string(utf8: Array(string.utf8)) })
        let back = try JSONDocument(parsing: Array(written.utf8)).root
        #expect(back.string == string)
        #expect(back.equals(string))
      }
    }
  }

  @Test(arguments: [
    (#"{"a":1,"b":2,"c":3}"#, #"{"a":1,"x":0,"c":3}"#),
    (#"{ "d" : [ 1 ] , "c" : null }"#, #"{"c":null}"#),
    (#"{"b":{}}"#, #"{"x":0}"#),
    (#"{"\u0062":1,"\u0064":2,"\u0061":3}"#, #"{"x":0,"\u0061":3}"#),
    ("{}", "{}"),
    ("[1]", "{}"),
  ])
  func `writes the members of an object with one replaced and one left out`(_ object: String, _ expected: String) throws
  {
    let view = try JSONDocument(parsing: Array(object.utf8)).root
    let text = Self.text { writer in
      writer.beginObject()
      writer.members(of: view, replacing: "b", without: "d") { $0.member("x", 0) }
      writer.endObject()
    }
    #expect(text == expected)
  }

  @Test func `a value may come in pieces`() {
    let text = Self.text { writer in
      writer.beginArray()
      writer.raw(Array(#"{"list":[1"#.utf8))
      writer.integer(2)
      writer.rest(Array("]}".utf8))
      writer.beginObject()
      writer.endObject()
      writer.endArray()
    }
    #expect(text == #"[{"list":[1,2]},{}]"#)
  }
}
