import Testing

@testable import AdmissionWebhook

struct LargeReviewTurnTests {
  private func wait(for count: Int, at turn: LargeReviewTurn) async {
    while turn.waiting != count { await Task.yield() }
  }

  @Test func `whoever is cancelled leaves at once, and the others keep their order`() async {
    let turn = LargeReviewTurn()
    #expect(await turn.enter())
    let order = Tally()
    var waiters: [Task<Int?, Never>] = []
    for index in 0..<3 {
      waiters.append(
        Task {
          guard await turn.enter() else { return nil }
          order.add()
          return order.count
        }
      )
      await wait(for: index + 1, at: turn)
    }
    waiters[1].cancel()
    // The turn is still taken.
    #expect(await waiters[1].value == nil)
    #expect(turn.waiting == 2)
    turn.leave()
    #expect(await waiters[0].value == 1)
    #expect(turn.waiting == 1)
    turn.leave()
    #expect(await waiters[2].value == 2)
    turn.leave()
    #expect(await turn.enter())
  }

  @Test func `who comes cancelled gets no turn, and takes none away`() async {
    let turn = LargeReviewTurn()
    let gate = OpenGate(count: 1)
    let late = Task {
      await gate.wait()
      return await turn.enter()
    }
    late.cancel()
    await gate.arrive()
    #expect(await late.value == false)
    #expect(await turn.enter())
    #expect(turn.waiting == 0)
  }
}
