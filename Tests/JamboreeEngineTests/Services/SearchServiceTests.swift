import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import Testing

@Suite struct SearchServiceTests {
  /// A working day's search over bookmarks and wiki pages.
  static let search = """
    name: search
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 398455, employees: 398455, graph: { meanDegree: 0 } }
    services:
      search: {}
      bookmarks: {}
      wiki: { pages: 20000, actionsPerDay: 0.1 }
    """

  /// The same without anything to be found.
  static let alone = search.split(separator: "\n").filter { !$0.contains("bookmarks") && !$0.contains("wiki") }.joined(separator: "\n")

  @Test func aDayHasItsQueriesAtEveryScale() throws {
    var unanswered: [Double] = []
    for scale in [0.01, 0.05] {
      let finished = try simulate(loadPlan(Self.search, scale: scale), workers: 2)
      expectTotal(finished, "search.queries", 20_000, scale: scale, tolerance: 0.005)
      expectTotal(finished, "search.opens", 12_000, scale: scale, tolerance: 0.005)
      func total(_ name: String) -> Int64 { finished.timeline.total("search.\(name)") }
      // Words are looked for as often as they are written: most are found, and in so small a company many nowhere.
      #expect(total("results") > 4 * total("queries") && total("results") < 20 * (total("queries") + total("opens")))
      #expect(total("opened") > total("opens") * 6 / 10 && total("opened") <= total("opens"))
      #expect(finished.outcomes[0] == finished.operations)
      unanswered.append(Double(total("unanswered")) / Double(total("queries")))
    }
    // The more there is, the fewer words are nowhere.
    #expect(unanswered[0] > 0.05 && unanswered[0] < 0.5 && unanswered[1] < unanswered[0] / 2, "\(unanswered)")
  }

  /// Alone it finds nothing, and opens nothing.
  @Test func aloneItFindsNothing() throws {
    let finished = try simulate(loadPlan(Self.alone, scale: 0.02))
    func total(_ name: String) -> Int64 { finished.timeline.total("search.\(name)") }
    #expect(total("results") == 0 && total("opened") == 0)
    #expect(total("unanswered") == total("queries") + total("opens"))
    #expect(finished.operations == total("unanswered"))
  }

  /// Beside bookmarks that are all made during the run, it finds those.
  @Test func whatIsPublishedMeanwhileIsFound() throws {
    let overrides = ["services.bookmarks.bookmarks=0", "services.bookmarks.mix={ add: 1 }", "services.bookmarks.meanBytes=2000"]
    let text = Self.search.split(separator: "\n").filter { !$0.contains("wiki") }.joined(separator: "\n")
    let finished = try simulate(loadPlan(text, overrides: overrides, scale: 0.02))
    let results = finished.timeline.values.map { $0[finished.timeline.index(of: "search.results") ?? 0] }
    // Little in the night's first hours, much in the afternoon.
    let night = results[..<12].reduce(0, +)
    let afternoon = results[84..<96].reduce(0, +)
    #expect(10 * night < afternoon, "\(night), \(afternoon)")
    #expect(finished.timeline.total("search.opened") > 20)
  }

  /// Higher results are opened more often: with a strong bias nearly always the newest, by all alike.
  @Test func higherPlacesAreOpenedMore() throws {
    func firstShare(_ bias: Int) throws -> Int64 {
      let overrides = ["services.search.reading.positionBias=\(bias)", "services.search.actionsPerDay=0.5"]
      let recorder = Recorder()
      let backend = try OpenRecording(recorder)
      _ = try simulate(loadPlan(Self.search, overrides: overrides, scale: 0.06), backend: .blocking(backend))
      return recorder.firstShare
    }
    let (even, biased) = (try firstShare(0), try firstShare(2))
    #expect(even > 25 && even < 100, "\(even) thousandths")
    #expect(biased > 500 && biased < 750, "\(biased) thousandths")
  }

  @Test(arguments: [
    ("reading.pageLength=0", "services.search.reading.pageLength: '0' is out of range: expected a whole number from 1 to 500"),
    ("reading.positionBias=-1", "services.search.reading.positionBias: '-1' is out of range: expected a number from 0 to 10"),
  ]) func refused(change: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try loadPlan(Self.search, overrides: ["services.search.\(change)"]) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.search, scale: 0.01))
    try digestsAgree(Self.search, scale: 0.005)
  }
}

/// Where on the full page that was shown before the opened items were.
private final class Recorder: @unchecked Sendable {
  // One worker has one session, which alone writes here.
  var pages: [UInt32: [ItemID]] = [:]
  var opened = 0
  var first = 0
  /// Of the opened results, those that stood first, in thousandths.
  var firstShare: Int64 { Int64(first * 1000 / max(opened, 1)) }
}

private final class OpenRecording: BlockingStorageBackend {
  static var descriptor: BackendDescriptor { MemoryBackend.descriptor }
  private let base: MemoryBackend
  private let recorder: Recorder

  init(_ recorder: Recorder) throws {
    base = try MemoryBackend(options: noOptions())
    self.recorder = recorder
  }

  init(options: OptionValues) throws(BackendError) { throw BackendError(.usage, "made in code") }
  func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  func finish() throws(BackendError) { try base.finish() }
  func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), recorder) }

  final class Session: StorageSession {
    private let base: MemoryBackend.Session
    private let recorder: Recorder

    init(_ base: MemoryBackend.Session, _ recorder: Recorder) {
      self.base = base
      self.recorder = recorder
    }

    func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      let outcome = base.execute(operation, arguments: arguments, into: &reply)
      // The search has the first two actions.
      if operation.verb == .search {
        recorder.pages[operation.actor.rawValue] = (0..<reply.items.count).map { reply.items.id(at: $0) }
      } else if operation.verb == .item, operation.action.rawValue < 2, let page = recorder.pages[operation.actor.rawValue],
        page.count == 20
      {
        recorder.opened += 1
        if page[0] == operation.subject { recorder.first += 1 }
      }
      return outcome
    }
  }
}
