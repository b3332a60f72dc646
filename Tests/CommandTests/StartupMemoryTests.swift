import Testing

@testable import amesh

@Suite struct StartupMemoryTests {
  @Test(arguments: [
    ("55d0-55e0 r-xp 00000000 fe:00 42                         /usr/bin/amesh\n", 0x55d0..<0x55e0 as Range<UInt>),
    ("55d0-55e0 r-xp 00000000 fe:00 42   /usr/bin/amesh", 0x55d0..<0x55e0),
    ("55d0-55e0 rw-p 00000000 fe:00 42   /usr/bin/amesh\n", nil),
    ("55d0-55e0 r--p 00000000 fe:00 42   /usr/bin/amesh\n", nil),
    ("55d0-55e0 r-xp 00000000 fe:00 42   /usr/bin/amesh-other\n", nil),
    ("55d0-55e0 r-xp 00000000 00:00 0    [vdso]\n", nil),
    ("55e0-55d0 r-xp 00000000 fe:00 42   /usr/bin/amesh\n", nil),
    ("55d0 r-xp 00000000 fe:00 42   /usr/bin/amesh\n", nil),
    ("", nil),
  ])
  func `only the executable's own code is released`(line: String, range: Range<UInt>?) {
    #expect(StartupMemory.codeRange(line, of: "/usr/bin/amesh") == range)
  }
}
