import JamboreeKit

/// Random streams of operations, answer by answer against the reference model.
extension BackendConformance {
  static let streamChecks: [Check] = [
    stream(
      "random-streams", "Random writes and reads over many ticks give the reference model's answers, field by field.",
      seeds: 6, ticks: 14, writes: 40),
    stream("random-bursts", "The same with few ticks that hold many writes each.", seeds: 2, ticks: 3, writes: 400),
  ]

  private static func stream(_ name: String, _ summary: String, seeds: UInt64, ticks: Int64, writes: Int) -> Check {
    Check(name, summary, needs: [.publish]) { trial in
      // A fresh backend a seed: their ids would meet.
      for seed in 1...seeds {
        let sibling = try trial.sibling()
        try sibling.finishing {
          try run(OperationStream(seed: seed, claimed: trial.descriptor.verbs), seed, ticks, writes, sibling)
        }
      }
    }
  }

  private static func run(_ source: OperationStream, _ seed: UInt64, _ ticks: Int64, _ writes: Int, _ trial: Trial) throws {
    var stream = source
    do {
      for tick in 1...ticks {
        try trial.commit(stream.writes(writes, tick: tick, model: trial.model))
        try trial.read(stream.reads(40), session: Int(tick % 3))
      }
      // At the end all there is, as a member, a stranger and an author of much see it.
      for viewer in [MemberID(1), .firstAnonymous, MemberID(0xEFFF_FFFF)] {
        try trial.read(Stage.everything(about: stream.known, by: viewer, authors: stream.authors))
      }
    } catch let failure as ConformanceFailure {
      throw ConformanceFailure("seed \(seed), \(failure.message)")
    }
  }
}
