import ArgumentParser
import Glibc
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

struct RankersBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rankers", abstract: "What it costs to score the candidates of a feed and to select a page of them.",
    discussion: """
      One thread reads feeds of 500 candidates and selects pages of 20. The feeds are distinct, 64 of them by default: their columns \
      take 2.4 MB, which is more than a first-level cache holds and about what the forums of an event take. Each read is by another \
      member and a second later than the last. Times are the thread's processor time; selection is what a read takes beyond scoring. What a ranker is told of ties is looked \
      up before, and told apart.
      """)

  @Option(parsing: .unconditional, help: "Distinct feeds, 1 to 10,000. Default: 64.", transform: NumberArgument.integer(1...10_000))
  var windows = 64
  @Option(
    parsing: .unconditional, help: "Feed reads by run and ranker, 1 to 100,000,000. Default: 20,000.",
    transform: NumberArgument.integer(1...100_000_000))
  var reads = 20_000
  @Option(help: "Ranker: id[?option=value&...]; may be given again. Default: all, with their own options.")
  var ranker: [String] = []
  @OptionGroup var flags: BenchFlags

  /// What is to be reached on two cores, in nanoseconds a candidate.
  private static let bars = ["hot": 2.0, "top": 2, "bayesian": 2, "affinity": 6, "interest": 6, "engagement": 6]
  private static let selectionBar = 1000.0

  private struct Figures {
    var scoring = Double.infinity
    var reading = Double.infinity
    var allocatedBytes = 0.0
    /// Nanoseconds a read beyond scoring.
    var selection: Double { max(reading - scoring, 0) }
    var perCandidate: Double { scoring / Double(FeedWindows.candidates) }
  }

  func run() throws {
    let references = try ranker.isEmpty ? Composition.inProcessRankers.map { PlugInReference(id: $0) } : ranker.map { try PlugInReference($0) }
    let rankers = try references.map { reference in
      guard case .inProcess(let ranker) = try Composition.rankers.make(reference).ranker else {
        throw ValidationError("--ranker \(reference.text): a ranker in another process is measured by 'jamboree bench exec'")
      }
      return (name: reference.text, ranker: ranker)
    }
    let feeds = FeedWindows(count: windows, seed: flags.seed)
    var figures = [Figures](repeating: Figures(), count: rankers.count)
    var tieNanoseconds = Double.infinity
    let (_, _, all) = flags.measure {
      for (index, entry) in rankers.enumerated() {
        figures[index].scoring = min(figures[index].scoring, feeds.scoring(by: entry.ranker, reads: reads))
        figures[index].reading = min(figures[index].reading, feeds.reading(by: entry.ranker, reads: reads))
        figures[index].allocatedBytes = max(figures[index].allocatedBytes, feeds.allocatedBytes(by: entry.ranker, reads: reads))
      }
      tieNanoseconds = min(tieNanoseconds, feeds.tieLookUp(reads: reads))
    }
    var table = TextTable(["ranker", "ns a candidate", "bar", "selection", "bar", "allocated a read"], left: [0])
    var members: [String: JSON] = [:]
    for (entry, found) in zip(rankers, figures) {
      let bar = Self.bars[type(of: entry.ranker).descriptor.id]
      table.add([
        entry.name, Text.significant(found.perCandidate), bar.map { Text.significant($0) } ?? "-", "\(Text.significant(found.selection)) ns",
        "\(Text.significant(Self.selectionBar)) ns", "\(Text.significant(found.allocatedBytes)) B",
      ])
      members[entry.name] = .object([
        "nanosecondsPerCandidate": JSON(found.perCandidate), "barNanosecondsPerCandidate": JSON(bar),
        "selectionNanoseconds": JSON(found.selection), "readNanoseconds": JSON(found.reading),
        "allocatedBytesPerRead": JSON(found.allocatedBytes),
      ])
    }
    let tiePerCandidate = tieNanoseconds / Double(FeedWindows.candidates)
    try flags.report(
      "rankers",
      table.text(indent: "").split(separator: "\n").map(String.init) + [
        "the top \(FeedWindows.pageLength) of \(FeedWindows.candidates), \(windows) distinct feeds of \(Text.bytes(Double(windows * FeedWindows.bytes))) in all, fastest of \(flags.runs) times \(Text.grouped(Int64(reads))) reads, processor time of one thread",
        "ties for a ranker that asks for them: \(Text.significant(tiePerCandidate)) ns a candidate more, of a member with eight",
      ],
      [
        "rankers": .object(members), "selectionNanoseconds": JSON(figures.map(\.selection).max()),
        "barSelectionNanoseconds": JSON(Self.selectionBar), "tieNanosecondsPerCandidate": JSON(tiePerCandidate),
        "candidates": .integer(Int64(FeedWindows.candidates)), "pageLength": .integer(Int64(FeedWindows.pageLength)),
        "windows": .integer(Int64(windows)), "reads": .integer(Int64(reads)),
      ], all)
  }
}

/// Feeds as a busy forum has them, each with another's items.
private final class FeedWindows {
  static let candidates = 500
  static let pageLength = 20
  /// Of the columns of one.
  static let bytes = candidates * 76

  private let replies: UnsafeMutablePointer<Reply>
  private let count: Int
  private let interests: [UInt64]
  private let ties: [TieTable]
  /// Those of a feed, one behind the other.
  private let tieColumns: UnsafeMutablePointer<Float>
  private let relevances: UnsafeMutablePointer<Float>
  private static let start = SimTime(nanoseconds: 60 * 3_600_000_000_000)
  private static let members = 4096

  init(count: Int, seed: UInt64) {
    self.count = count
    var random = RandomStream(seed: Seed(seed), domain: RandomDomain("bench.rankers"), entity: 0)
    interests = (0..<Self.members).map { _ in random.next() & random.next() & random.next() }
    replies = .allocate(capacity: count)
    for window in 0..<count {
      var reply = Reply()
      for row in 0..<Self.candidates {
        let age = Int64(random.nextUnit() * random.nextUnit() * 2e14)
        let marks = random.chance(0.3) ? 0 : Int32(random.next(below: 400))
        let created = SimTime(nanoseconds: Self.start.nanoseconds - age)
        let mean = 1.5 + random.nextUnit() * 3
        reply.items.append(
          ItemRow(
            id: ItemID(author: MemberID(UInt32(random.next(below: Self.members))), sequence: UInt32(window * Self.candidates + row + 1)),
            created: created, lastActive: created + age / 3, ratingSum: Int32(Double(marks) * mean), ratingCount: marks,
            replyCount: Int32(random.next(below: 60)), parent: random.chance(0.3) ? ItemID(rawValue: random.next() | 1) : .none,
            voteSum: Int32(random.next(below: 9)) - 3, flagCount: random.chance(0.02) ? 1 : 0, downloadCount: Int32(random.next(below: 30)),
            topic: UInt16(random.next(below: 64))))
      }
      (replies + window).initialize(to: reply)
    }
    tieColumns = .allocate(capacity: count * Self.candidates)
    relevances = .allocate(capacity: count * Self.candidates)
    for row in 0..<count * Self.candidates {
      (tieColumns + row).initialize(to: random.chance(0.9) ? 0 : Float(random.nextUnit() * 8))
      (relevances + row).initialize(to: Float(random.nextUnit()))
    }
    ties = (0..<shardCount).map { TieTable(shard: $0, memberCount: Self.members) }
    for member in 0..<Self.members {
      var react = Operation(verb: .react, action: ActionID(0), actor: MemberID(UInt32(member)), intended: Self.start)
      react.value = 5
      for _ in 0..<8 {
        react.subject = ItemID(author: MemberID(UInt32(random.next(below: Self.members))), sequence: 1)
        ties[member % shardCount].note(react)
      }
      ties[member % shardCount].settle()
    }
  }

  deinit {
    replies.deinitialize(count: count)
    replies.deallocate()
    tieColumns.deallocate()
    relevances.deallocate()
  }

  private func viewer(_ read: Int, _ ranker: any FeedRanker) -> ViewerContext {
    let member = read &* 97 & (Self.members - 1)
    return ViewerContext(
      member: MemberID(UInt32(truncatingIfNeeded: member)), now: Self.start + Int64(read) * 1_000_000_000,
      interests: interests[member], salt: 0x5EED)
  }

  /// Nanoseconds of processor time that `body` takes: others who want the processor take nothing of that.
  private func processorTime(_ body: () -> Void) -> Double {
    let start = Self.threadNanoseconds()
    body()
    return Double(Self.threadNanoseconds() - start)
  }

  private static func threadNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Calls `body` for each read with the columns that the ranker asks for.
  private func forEachRead(
    _ reads: Int, _ ranker: any FeedRanker,
    _ body: (_ window: Int, borrowing Reply, _ ties: Span<Float>, _ relevances: Span<Float>, ViewerContext) -> Void
  ) {
    let needs = ranker.needs
    for read in 0..<reads {
      let window = read % count
      let first = window * Self.candidates
      let own = Span(_unsafeStart: tieColumns + first, count: needs.contains(.ties) ? Self.candidates : 0)
      let worth = Span(_unsafeStart: relevances + first, count: needs.contains(.truth) ? Self.candidates : 0)
      body(window, replies[window], own, worth, viewer(read, ranker))
    }
  }

  /// Nanoseconds a read of scoring alone.
  func scoring(by ranker: any FeedRanker, reads: Int) -> Double {
    var scores = [Float](repeating: 0, count: Self.candidates)
    return processorTime {
      forEachRead(reads, ranker) { _, reply, ties, relevances, viewer in
        var span = scores.mutableSpan
        ranker.score(FeedCandidates(reply.items, ties: ties, relevances: relevances), for: viewer, into: &span)
      }
    } / Double(reads)
  }

  /// Nanoseconds a read of scoring and selecting a page.
  func reading(by ranker: any FeedRanker, reads: Int) -> Double {
    var selector = FeedSelector()
    var page = Buffer<UInt16>(capacity: 256)
    return processorTime {
      forEachRead(reads, ranker) { window, reply, ties, relevances, viewer in
        selector.select(
          reply.items, ties: ties, relevances: relevances, by: ranker, for: viewer, pageLength: Self.pageLength,
          feed: ContainerID(rawValue: UInt64(window)), into: &page)
      }
    } / Double(reads)
  }

  /// Bytes a read that are asked of the allocator, ties and all, when the first reads are over.
  func allocatedBytes(by ranker: any FeedRanker, reads: Int) -> Double {
    let desk = FeedDesk(ranker: ranker, salt: 0x5EED, interests: interests)
    if ranker.needs.contains(.ties) { desk.ties = ties }
    var page = Buffer<UInt16>(capacity: 256)
    var before: UInt64 = 0
    let warm = min(count, reads)
    for read in 0..<(warm + reads) {
      if read == warm { before = ThreadAllocations.bytes() }
      let viewer = viewer(read, ranker)
      var look = Operation(verb: .listing, action: ActionID(0), actor: viewer.member, intended: viewer.now)
      look.container = ContainerID(rawValue: UInt64(read % count))
      desk.rank(look, replies[read % count], pageLength: Self.pageLength, into: &page)
    }
    return Double(ThreadAllocations.bytes() - before) / Double(reads)
  }

  /// Nanoseconds a read of finding out the ties.
  func tieLookUp(reads: Int) -> Double {
    let column = UnsafeMutablePointer<Float>.allocate(capacity: Self.candidates + 8)
    defer { column.deallocate() }
    return processorTime {
      for read in 0..<reads {
        let member = read &* 97 & (Self.members - 1)
        ties[member % shardCount].look(
          replies[read % count].items.idSpan, of: MemberID(UInt32(member)), at: Self.start + Int64(read) * 1_000_000_000, into: column)
      }
    } / Double(reads)
  }
}
