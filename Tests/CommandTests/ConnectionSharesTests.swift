import Testing

@testable import amesh

struct ConnectionSharesTests {
  @Test(arguments: [
    // What is known to be enough, and what is not known.
    (43_280, 2, 10_000, 16_384), (0, 2, 10_000, 16_384),
    // The webhook's share and the reserve stay free.
    (43_279, 2, 10_000, 16_383), (20_512, 2, 10_000, 5_000), (20_512, 1, 10_000, 10_000), (10_511, 0, 9_999, 1),
    // Too few for the webhook alone.
    (4_608, 2, 3_072, 512), (64, 2, 24, 4), (1, 2, 1, 1),
  ])
  func `connections fit into the files that may be open`(limit: Int, listeners: Int, webhook: Int, identity: Int) {
    let shares = ConnectionShares(limit: limit, webhook: 10_000, identity: 16_384, listeners: listeners)
    #expect(shares.webhook == webhook)
    #expect(shares.identity == identity)
    let isWarnedOf = limit > 0 && limit < 10_000 + listeners * 16_384 + ConnectionShares.reserve
    #expect((shares.warning != nil) == isWarnedOf)
    if isWarnedOf { #expect(shares.warning?.contains("\(limit) files may be open") == true) }
    guard limit >= 2 * ConnectionShares.reserve else { return }
    #expect(shares.webhook + listeners * shares.identity + ConnectionShares.reserve <= limit)
  }
}
