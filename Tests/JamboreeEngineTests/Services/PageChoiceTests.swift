import Glibc
import JamboreeKit
import Testing

@testable import JamboreeWorkloads

@Suite struct PageChoiceTests {
  private func choice(bias: Double, pageLength: Int) throws -> PageChoice {
    var reader = ParameterReader.defaults()
    var reading = try PageReading(&reader)
    (reading.pageLength, reading.positionBias) = (pageLength, bias)
    return PageChoice(reading)
  }

  /// A reply whose rows have the numbers 1, 2, ... from its end, and a page that shows them from its end.
  private func reply(_ count: Int, _ page: inout Buffer<UInt16>) -> Reply {
    var reply = Reply()
    for row in 0..<count {
      let id = ItemID(author: MemberID(1), sequence: UInt32(count - row))
      reply.items.append(ItemRow(id: id, created: .zero, lastActive: .zero))
    }
    for row in (0..<count).reversed() { page.append(UInt16(row)) }
    return reply
  }

  private func targets(_ visit: inout Visit) -> [Int] {
    var targets: [Int] = []
    while let target = visit.takeTarget() { targets.append(Int(target.sequence)) }
    return targets
  }

  private func visit() -> Visit { Visit(Visitor(member: 7, participant: 7, visitsLeft: 1), number: 0, region: 0) }

  /// The first by the places' weights, the second by the weights of those that are left.
  @Test func theFirstIsDrawnFirstAndNoneTwice() throws {
    let choice = try choice(bias: 1.5, pageLength: 5)
    var page = Buffer<UInt16>()
    let reply = reply(5, &page)
    var (visit, stream) = (visit(), RandomStream(key: 4))
    var counts = [[Double]](repeating: [0, 0, 0, 0, 0], count: 5)
    let trials = 40_000.0
    for _ in 0..<Int(trials) {
      choice.chooseTargets(3, from: reply, page, &visit, &stream)
      let targets = targets(&visit)
      #expect(targets.count == 3 && Set(targets).count == 3)
      counts[targets[0] - 1][targets[1] - 1] += 1
    }
    let weights = (1...5).map { pow(Double($0), -1.5) }
    let all = weights.reduce(0, +)
    for first in 0..<5 {
      for second in 0..<5 where second != first {
        let share = weights[first] / all * weights[second] / (all - weights[first])
        #expect(abs(counts[first][second] / trials - share) < 4.5 * (share / trials).squareRoot(), "\(first), \(second)")
      }
    }
  }

  @Test func noMoreThanThereAreAndThanAVisitHolds() throws {
    let choice = try choice(bias: 1, pageLength: 20)
    var (visit, stream) = (visit(), RandomStream(key: 5))
    for (shown, wanted, expected) in [(0, 3, 0), (2, 3, 2), (20, 0, 0), (20, 3, 3), (20, 100, Visit.mostTargets)] {
      var page = Buffer<UInt16>()
      let reply = reply(shown, &page)
      visit.addTarget(ItemID(author: MemberID(2), sequence: 1))
      choice.chooseTargets(wanted, from: reply, page, &visit, &stream)
      #expect(targets(&visit).count == expected, "\(wanted) of \(shown)")
    }
  }

  /// Weights of which most are nothing beside the first.
  @Test func aStrongBiasOpensFromTheTop() throws {
    let choice = try choice(bias: 10, pageLength: 500)
    var page = Buffer<UInt16>()
    let reply = reply(500, &page)
    var (visit, stream) = (visit(), RandomStream(key: 6))
    for _ in 0..<1_000 {
      choice.chooseTargets(6, from: reply, page, &visit, &stream)
      let targets = targets(&visit)
      #expect(Set(targets).count == 6 && targets.allSatisfy { $0 < 100 })
    }
  }

  /// Where nothing is ranked, the rows are the page.
  @Test func withoutAPageTheRowsAreMeant() throws {
    let choice = try choice(bias: 10, pageLength: 20)
    var page = Buffer<UInt16>()
    let reply = reply(20, &page)
    page.removeAll()
    var (visit, stream) = (visit(), RandomStream(key: 7))
    choice.chooseTargets(1, from: reply, page, &visit, &stream)
    #expect(targets(&visit) == [20])
  }

  /// A page that nothing ranks has no window, and all of it is read; another one is made from a window.
  @Test func whatIsReadIsThePageOrItsWindow() throws {
    let read = Operation(verb: .listing, action: ActionID(0), actor: MemberID(0), intended: .zero)
    var reader = ParameterReader.defaults()
    guard case .ranked(let offered, 20) = try PageReading(&reader).page(of: read) else { return #expect(Bool(false)) }
    guard case .read(let shown) = try PageReading(&reader, isRanked: false).page(of: read) else { return #expect(Bool(false)) }
    #expect(offered.limit == 100 && shown.limit == 20)
  }
}
