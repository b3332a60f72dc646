import Testing

@testable import amesh

struct WholeFileTests {
  @Test(arguments: [0, 1, 1 << 18, 1 << 18 + 1, 1_000_000])
  func `a file is read up to its limit, and no further`(size: Int) throws {
    let scratch = try Scratch()
    try scratch.write("file", String(repeating: "x", count: size))
    #expect(try WholeFile.read(scratch.path("file"), limit: size).count == size)
    guard size > 0 else { return }
    #expect(throws: WholeFile.Problem.larger(than: size - 1)) {
      try WholeFile.read(scratch.path("file"), limit: size - 1)
    }
  }
}
