import CertificateAuthority
import Foundation
import Testing

@testable import AuthorityAdministration
@testable import amesh

/// What an operator reads, letter by letter, at a fixed time.
struct AuthorityPrinterTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)
  private static let day: TimeInterval = 86_400

  private static func later(_ days: TimeInterval) -> Date { now.addingTimeInterval(days * day) }

  private static let status = AuthorityStatus(
    time: now,
    trustDomain: "prod.example",
    custody: "directory /var/lib/amesh/authority",
    generation: 12,
    rotation: .automatic,
    replica: "amesh-0-1x2y3z",
    isReady: true,
    issuerEnds: later(3),
    roots: [
      AuthorityStatus.Root(
        id: "aa-01",
        phase: .retired,
        fingerprint: "a1a1",
        notBefore: later(-900),
        notAfter: later(100),
        prepared: later(-900),
        activated: later(-900),
        superseded: later(-30),
        retired: later(-20)
      ),
      AuthorityStatus.Root(
        id: "bb-02",
        phase: .active,
        fingerprint: "b2b2",
        notBefore: later(-100),
        notAfter: later(300),
        prepared: later(-100),
        activated: later(-30)
      ),
      AuthorityStatus.Root(
        id: "cc-03",
        phase: .prepared,
        fingerprint: "c3c3",
        notBefore: later(-1),
        notAfter: later(399),
        prepared: later(-1)
      ),
    ],
    intermediates: [
      AuthorityStatus.Intermediate(
        id: "dd-04",
        root: "bb-02",
        replica: "amesh-1-old",
        recorded: later(-4),
        notAfter: later(3),
        dropped: later(-2)
      ),
      AuthorityStatus.Intermediate(
        id: "ee-05",
        root: "bb-02",
        replica: "amesh-0-1x2y3z",
        recorded: later(-4),
        notAfter: later(3)
      ),
    ],
    holds: [
      AuthorityStatus.Hold(
        text: "root cc-03 waits to be activated: 2 subscribers have not acknowledged it",
        until: later(1)
      )
    ],
    next: "nothing: root cc-03 is activated when that is safe, at the latest 2027-01-16T08:00:00Z"
  )

  @Test func `a status in the middle of a rotation`() {
    let text = AuthorityPrinter(now: Self.now, descriptor: -1).text(Self.status)
    let expected = """
      prod.example
        kept in    directory /var/lib/amesh/authority
        state      generation 12, rotation automatic
        server     amesh-0-1x2y3z, issues

      roots
        retired aa-01
          since      2026-12-26 08:00:00Z
          SHA-256    a1a1
        active bb-02
          since      2026-12-16 08:00:00Z
          SHA-256    b2b2
          valid      2026-10-07 08:00:00Z to 2027-11-11 08:00:00Z
                     ████████░░░░░░░░░░░░░░░░░░░░░░ 300 d left of 400 d
        prepared cc-03
          since      2027-01-14 08:00:00Z
          SHA-256    c3c3
          valid      2027-01-14 08:00:00Z to 2028-02-18 08:00:00Z
                     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 399 d left of 400 d

      intermediates
        dd-04 of amesh-1-old
          under      bb-02
                     signs no more since 2027-01-13 08:00:00Z
        ee-05 of amesh-0-1x2y3z
          under      bb-02
                     █████████████████░░░░░░░░░░░░░ 3 d left of 7 d

      waits
        ! root cc-03 waits to be activated: 2 subscribers have not acknowledged it (in 1 d)

      ends first intermediate ee-05 of amesh-0-1x2y3z: 2027-01-18 08:00:00Z (in 3 d)
      next       nothing: root cc-03 is activated when that is safe, at the latest 2027-01-16T08:00:00Z
      """
    #expect(text == expected)
  }

  @Test func `a status of a directory, long after`() {
    var status = Self.status
    (status.replica, status.isReady, status.issuerEnds) = (nil, nil, nil)
    status.roots.removeFirst(1)
    status.roots.removeLast()
    (status.intermediates, status.holds) = ([], [])
    status.next = "root bb-02 has ended and nothing can be issued: run amesh ca rotate prepare"
    let text = AuthorityPrinter(now: Self.later(301), descriptor: -1).text(status)
    let expected = """
      prod.example
        kept in    directory /var/lib/amesh/authority
        state      generation 12, rotation automatic

      roots
        active bb-02
          since      2026-12-16 08:00:00Z
          SHA-256    b2b2
          valid      2026-10-07 08:00:00Z to 2027-11-11 08:00:00Z
                     ██████████████████████████████ ended 1 d ago

      ends first active root bb-02: 2027-11-11 08:00:00Z (1 d ago)
      next       root bb-02 has ended and nothing can be issued: run amesh ca rotate prepare
      """
    #expect(text == expected)
  }

  @Test func `a report of a step`() {
    let report = RotationReport(done: ["root cc-03 is prepared"], problem: "the disk is full", status: Self.status)
    let lines = AuthorityPrinter(now: Self.now, descriptor: -1).text(report).split(separator: "\n")
    #expect(lines.first == "root cc-03 is prepared")
    #expect(lines.dropFirst().first == "! what follows is tried again: the disk is full")
    #expect(lines.last?.hasPrefix("next       nothing") == true)
    let nothing = RotationReport(done: [], problem: nil, status: Self.status)
    #expect(AuthorityPrinter(now: Self.now, descriptor: -1).text(nothing).hasPrefix("Nothing was left to be done now."))
  }

  @Test(
    arguments: [
      ("3600", 3600), ("90s", 90), ("90m", 5400), ("12h", 43_200), ("7d", 604_800), ("0", nil), ("-1", nil), ("", nil),
      ("h", nil), ("1w", nil), ("1.5h", nil), ("9223372036854775807d", nil), ("99999999999999999999", nil), ("+5", nil),
    ] as [(String, Int?)]
  )
  func `a lifetime is read as people write it`(text: String, seconds: Int?) {
    #expect(Lifetime(argument: text)?.seconds == seconds)
  }
}
