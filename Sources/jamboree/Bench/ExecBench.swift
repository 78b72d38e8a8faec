import ArgumentParser
import CEchoRanker
import Foundation
import JamboreeExec
import JamboreeKit
import JamboreeMetrics

struct ExecBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Pages that a ranker in another process answers: an echo in C, or one of your own.")

  @Option(parsing: .unconditional, help: "Pages, 1 to 1,000,000,000. Default: 500,000.", transform: NumberArgument.integer(1...1_000_000_000))
  var pages = 500_000
  @Option(parsing: .unconditional, help: "Candidates of a page, 1 to 65,535. Default: 20.", transform: NumberArgument.integer(1...65_535))
  var candidates = 20
  @Option(parsing: .unconditional, help: "Pages that are under way at a time, 1 to 1,000,000. Default: 1,024.", transform: NumberArgument.integer(1...1_000_000))
  var window = 1_024
  @Option(help: "The ranker: exec:COMMAND[?option=value&...]; its scores are not looked at. Default: the echo.")
  var ranker: String?
  @OptionGroup var flags: BenchFlags

  /// Pages of 20 candidates a second that the echo must answer; one at a time, the machine's round trip would be measured.
  private static let bar = 100_000.0

  func run() throws {
    // Of the ranker's processes nothing may be left when the program ends at once.
    Interruption.shared.beforeLeaving {
      Composition.leaveNothingBehind()
      return true
    }
    defer { Interruption.shared.beforeLeaving(nil) }
    let made = try makeRanker()
    let (durations, seconds, all) = try flags.measure { try measure(made) }
    let rate = Double(pages) / seconds
    let isBarred = ranker == nil && candidates == 20 && window >= 1_000
    let sorted = durations.sorted()
    func percentile(_ share: Double) -> UInt64 { sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)] }
    let verdict = isBarred ? "; bar \(Text.grouped(Self.bar)): \(rate >= Self.bar ? "met" : "not met")" : ""
    try flags.report(
      "exec",
      [
        "\(Text.grouped(Int64(pages))) pages of \(candidates) candidates, one process, \(Text.grouped(Int64(window))) pages under way",
        "\(Text.grouped(rate)) pages/s, fastest of \(flags.runs)\(verdict)",
        "a page's ranking p50 \(Text.duration(nanoseconds: Double(percentile(0.5)))), p99 \(Text.duration(nanoseconds: Double(percentile(0.99))))",
      ],
      [
        "pages": .integer(Int64(pages)), "candidates": .integer(Int64(candidates)), "window": .integer(Int64(window)), "pagesPerSecond": JSON(rate),
        "ranker": .string(ranker ?? "echo"), "barPagesPerSecond": isBarred ? JSON(Self.bar) : .null,
        "p50Nanoseconds": .integer(Int64(percentile(0.5))), "p99Nanoseconds": .integer(Int64(percentile(0.99))),
      ], all)
  }

  private func makeRanker() throws -> any BatchRanker {
    guard let ranker else {
      let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      return try ExecRanker(ExecSettings(words: [program] + EchoRankerCommand.arguments))
    }
    guard case .batch(let made) = try Composition.rankers.make(PlugInReference(ranker)).ranker else {
      throw Failure(code: Failure.usage, message: "--ranker '\(printable(ranker))' is in this process; name one in another: exec:COMMAND")
    }
    return made
  }

  /// - Returns: how long pages took, in nanoseconds: some hundred thousand of them, evenly chosen.
  private func measure(_ ranker: any BatchRanker) throws -> [UInt64] {
    let session = try ranker.openSession(0, isPatient: true)
    defer { session.close() }
    var items = ItemColumns(capacity: candidates)
    var sum: Float = 0
    for index in 0..<candidates {
      let id = ItemID(author: MemberID(7), sequence: UInt32(index % 1000 + 1))
      items.append(ItemRow(id: id, created: SimTime(nanoseconds: Int64(index)), lastActive: SimTime(nanoseconds: Int64(index)), topic: UInt16(index & 63)))
      sum += Float(id.rawValue & 0xFF_FFFF)
    }
    var durations: [UInt64] = []
    let stride = pages / 100_000 + 1
    var answers = RankingAnswers()
    var submitted = [UInt64](repeating: 0, count: window)
    var free = Array((0..<window).reversed())
    var begun = 0, done = 0
    while done < pages {
      while begun < pages, let place = free.popLast() {
        let viewer = ViewerContext(member: MemberID(UInt32(truncatingIfNeeded: begun)), now: SimTime(nanoseconds: 1 << 40), interests: 5, salt: flags.seed)
        submitted[place] = monotonicNanoseconds()
        session.submit(FeedCandidates(items), for: viewer, token: Token(rawValue: UInt64(place)))
        begun += 1
      }
      answers.removeAll()
      session.poll(until: .distantFuture, into: &answers)
      let now = monotonicNanoseconds()
      for index in 0..<answers.count {
        let scores = answers.scores(at: index)
        var total: Float = 0
        for place in 0..<scores.count { total += scores[place] }
        guard scores.count == candidates, self.ranker != nil || total == sum else {
          throw Failure(code: Failure.checkFailed, message: "a page came back without its scores: \(session.failures.firstText)")
        }
        let place = Int(answers.token(at: index).rawValue)
        if done % stride == 0 { durations.append(now &- submitted[place]) }
        free.append(place)
        done += 1
      }
    }
    return durations
  }
}

/// The other end of the benchmark.
struct EchoRankerCommand: ParsableCommand {
  static let arguments = ["bench", "echo-ranker"]
  static let configuration = CommandConfiguration(
    commandName: "echo-ranker", abstract: "A ranker for exec: that does next to nothing.", shouldDisplay: false)

  func run() throws {
    // Who has started it ends it by closing its input.
    guard jamboree_echo_ranker() == 0 else { throw Failure(code: Failure.io, message: "echo-ranker: what it reads is no request, or nobody reads its answers") }
  }
}
