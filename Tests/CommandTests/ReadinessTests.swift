import Testing

@testable import amesh

struct ReadinessTests {
  @Test func `what keeps it from serving is told in one order, each for as long as it lasts`() {
    let readiness = Readiness(others: { ["the keys are not known yet"] })
    readiness.add(.shuttingDown)
    #expect(readiness.reasons == ["the webhook does not listen yet", "shutting down", "the keys are not known yet"])
    readiness.remove(.starting)
    readiness.remove(.shuttingDown)
    #expect(readiness.reasons == ["the keys are not known yet"])
  }
}
