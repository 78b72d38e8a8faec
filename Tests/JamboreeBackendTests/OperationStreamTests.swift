import JamboreeKit
import Testing

@testable import JamboreeTesting

/// A stream that leaves something out finds nothing there.
@Suite struct OperationStreamTests {
  /// The calls of some ticks, as `random-streams` makes them.
  private func calls(_ seed: UInt64) -> (writes: [Call], reads: [Call]) {
    var stream = OperationStream(seed: seed, claimed: Set(Verb.allCases))
    var model = ReferenceModel(Stage.dataset)
    var (writes, reads): ([Call], [Call]) = ([], [])
    for tick in 1...14 as ClosedRange<Int64> {
      let made = stream.writes(40, tick: tick, model: model)
      for call in made { _ = model.perform(call) }
      writes += made
      reads += stream.reads(40)
    }
    return (writes, reads)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>) func everyVerbOccurs(seed: UInt64) {
    let (writes, reads) = calls(seed)
    let found = Set((writes + reads).map(\.operation.verb))
    #expect(found == Set(Verb.allCases), "missing: \(Set(Verb.allCases).subtracting(found))")
  }

  /// A private item can be deleted by nobody else.
  @Test func authorsDeleteTheirOwnItems() {
    let deletions = (1...6 as ClosedRange<UInt64>).flatMap { calls($0).writes }.filter { $0.operation.verb == .delete }
    let own = deletions.filter { $0.operation.actor == $0.operation.subject.author }
    #expect(deletions.count > 100)
    #expect(own.count * 2 > deletions.count, "\(own.count) of \(deletions.count)")
  }
}
