import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics
import Testing

@testable import JamboreeResults

private func makeBaseline(_ name: String = "main") throws -> Baseline {
  let key = ProcessLatency.Key(kind: .ranking, name: "hot")
  let latency = ProcessLatency(key, count: 20_000, meanNanoseconds: 700.5, p50Nanoseconds: 690, p99Nanoseconds: 1_900)
  return try Baseline(
    name: name, createdUnixSeconds: 1_700_000_000,
    run: BaselineRun(
      scenario: "feeds", scenarioHash: "cafe", seed: .max, scale: 0.5, overrides: ["seed=18446744073709551615"], backend: "memory", ranker: "hot",
      workers: 2),
    environment: BaselineEnvironment(RunEnvironment.current(version: "1")),
    behaviour: Behaviour(
      digest: "0123456789abcdef0123456789abcdef", operations: 12, outcomes: ["ok": 12], quality: ["ndcg": .init(value: 0.5, isBetterWhenHigher: true)]),
    instructions: InstructionCount(tool: "perf", scale: 0.025, count: 1_000_000, spread: 0.001),
    processes: [ProcessFigures(operationsPerSecond: 1e6, latencies: [latency]), ProcessFigures(operationsPerSecond: 1.1e6, latencies: [latency])],
    histograms: [BaselineHistogram(.ranking, "hot", histogram(1, count: 100))])
}

@Suite struct BaselineTests {
  @Test func whatIsKeptIsReadBack() throws {
    let folder = try TemporaryFolder()
    let store = BaselineStore(folder: folder.file("new/baselines"))
    #expect(try store.names().isEmpty)
    let baseline = try makeBaseline()
    try store.save(baseline)
    try store.save(makeBaseline("a.b-c_9"))
    #expect(try store.names() == ["a.b-c_9", "main"])
    let read = try store.load("main")
    #expect(read.run == baseline.run && read.environment == baseline.environment && read.behaviour == baseline.behaviour)
    #expect(read.processes == baseline.processes && read.instructions == baseline.instructions)
    let kept = try #require(read.histograms.first?.histogram)
    #expect(LatencySummary(kept) == LatencySummary(histogram(1, count: 100)))
  }

  @Test(arguments: ["", ".", "..", "../main", "a/b", "/etc/passwd", "-x", "a b", "ä", "a\u{0}", String(repeating: "a", count: 65)])
  func namesThatLeadElsewhereAreRefused(_ name: String) throws {
    let store = BaselineStore(folder: try TemporaryFolder().path)
    #expect { try store.load(name) } throws: { ($0 as? ResultStoreError)?.kind == .usage && "\($0)".contains("cannot be a baseline's name") }
    #expect(throws: ResultStoreError.self) { try store.save(makeBaseline(name)) }
  }

  /// Each damage, and what is said of it.
  static let damages: [(String, @Sendable (inout [String: Any]) -> Void, String)] = [
    ("a key is missing", { $0["behaviour"] = nil }, "key 'behaviour' is missing"),
    ("a number is text", { $0["createdUnixSeconds"] = "today" }, "key 'createdUnixSeconds' is not a number"),
    ("a number below is text", { edit(&$0, "run") { $0["workers"] = "two" } }, "key 'run.workers' is not a number"),
    ("a number is null", { edit(&$0, "run") { $0["scale"] = NSNull() } }, "key 'run.scale' is null"),
    ("a list's element is wrong", { $0["processes"] = [["operationsPerSecond": 5, "latencies": [["kind": 3]]]] }, "key 'processes[0].latencies[0]"),
    ("made after the end of time", { $0["createdUnixSeconds"] = 10_000_000_000 }, "key 'createdUnixSeconds' is 10000000000, and not a whole number from 0 to 9000000000"),
    ("made before 1970", { $0["createdUnixSeconds"] = -1 }, "key 'createdUnixSeconds'"),
    ("there are no processes", { $0["processes"] = [] as [Any] }, "key 'processes' is empty"),
    ("a rate of nothing", { $0["processes"] = [["operationsPerSecond": 0, "latencies": []]] }, "key 'processes[0].operationsPerSecond'"),
    ("fewer operations than none", { edit(&$0, "behaviour") { $0["operations"] = -5 } }, "key 'behaviour.operations' is -5, and not a whole number from 0"),
    ("half an operation", { edit(&$0, "behaviour") { $0["operations"] = 1.5 } }, "key 'behaviour.operations' is 1.5"),
    ("an outcome of less than none", { edit(&$0, "behaviour") { $0["outcomes"] = ["ok": -1] } }, "key 'behaviour.outcomes.ok' is -1"),
    ("a digest that is none", { edit(&$0, "behaviour") { $0["digest"] = "" } }, "key 'behaviour.digest' is not 32"),
    ("more cores than there are numbers", { edit(&$0, "environment") { $0["logicalCores"] = 1e30 } }, "key 'environment.logicalCores' is"),
    ("a count below 0", { edit(&$0, "instructions") { $0["count"] = -1 } }, "key 'instructions.count' is -1"),
    ("a spread below 0", { edit(&$0, "instructions") { $0["spread"] = -0.5 } }, "key 'instructions.spread' is -0.5, and not a number from 0"),
    (
      "a latency below 0", { $0["processes"] = [["operationsPerSecond": 1, "latencies": [["p99Nanoseconds": -3]]]] },
      "key 'processes[0].latencies[0].p99Nanoseconds' is -3"
    ),
    ("a scale of nothing", { edit(&$0, "run") { $0["scale"] = 0 } }, "key 'run.scale' is 0, and not a number above 0 and at most 100"),
    ("workers below 1", { edit(&$0, "run") { $0["workers"] = 0 } }, "key 'run.workers'"),
    ("another format", { $0["format"] = 2 }, "key 'format': it is 2, and this version knows 1"),
    ("a histogram that is none", { $0["histograms"] = [["kind": "ranking", "name": "hot", "counts": "AQMB"]] }, "key 'histograms[0].counts'"),
    ("a histogram that is no base 64", { $0["histograms"] = [["kind": "ranking", "name": "hot", "counts": "?"]] }, "is not base 64"),
  ]

  @Test(arguments: damages.indices) func damageIsNamed(_ index: Int) throws {
    let (what, damage, message) = Self.damages[index]
    let folder = try TemporaryFolder()
    let store = BaselineStore(folder: folder.path)
    try store.save(makeBaseline())
    var object = try #require(JSONSerialization.jsonObject(with: folder.bytes("main.json")) as? [String: Any])
    damage(&object)
    try folder.write("main.json", JSONSerialization.data(withJSONObject: object))
    #expect("\(what)") { try store.load("main") } throws: { error in
      let text = "\(error)"
      return (error as? ResultStoreError)?.kind == .usage && text.contains("main.json") && text.contains(message)
    }
  }

  /// What only text can hold, and no tree of values.
  @Test(arguments: [
    ("99999999999999999999", "key 'behaviour.operations' is 99999999999999999999, and not a whole number from 0"),
    ("1e400", "\"operations\" : 1e400,': 1e400 is more than a number can be"), ("NaN", "not valid JSON at line"),
    ("1, \"operations\": -7", "key 'behaviour.operations' is -7"),
  ])
  func aNumberThatIsNoneIsNamed(_ number: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    let store = BaselineStore(folder: folder.path)
    try store.save(makeBaseline())
    let text = String(decoding: try folder.bytes("main.json"), as: UTF8.self)
    let edited = text.replacingOccurrences(of: "\"operations\" : 12", with: "\"operations\" : \(number)")
    #expect(edited != text)
    try folder.write("main.json", Data(edited.utf8))
    #expect { try store.load("main") } throws: { "\($0)".contains("main.json") && "\($0)".contains(message) }
  }

  @Test func aCopyGoesByItsFilesName() throws {
    let folder = try TemporaryFolder()
    let store = BaselineStore(folder: folder.path)
    try store.save(makeBaseline())
    try folder.write("copy.json", folder.bytes("main.json"))
    #expect(try store.load("copy").name == "copy")
  }

  @Test func whatIsNoFileOfOursIsRefused() throws {
    let folder = try TemporaryFolder()
    let store = BaselineStore(folder: folder.path)
    try folder.write("cut.json", folder.emptied(makeBaseline(), by: store))
    #expect { try store.load("cut") } throws: { "\($0)".contains("not valid JSON") }
    try FileManager.default.createDirectory(atPath: folder.file("folder.json"), withIntermediateDirectories: true)
    #expect { try store.load("folder") } throws: { "\($0)".contains("no plain file") }
    #expect { try BaselineStore(folder: folder.file("cut.json")).prepare() } throws: { ($0 as? ResultStoreError)?.kind == .io }
    #expect { try store.load("gone") } throws: { "\($0)".contains("known: cut, folder, main") }
  }

  /// Neither is an empty folder: nobody knows what is there.
  @Test func aFolderThatCannotBeReadIsNotEmpty() throws {
    let folder = try TemporaryFolder()
    try folder.write("file", Data())
    try FileManager.default.createSymbolicLink(atPath: folder.file("loop"), withDestinationPath: folder.file("loop"))
    for name in ["file", "loop"] {
      let store = BaselineStore(folder: folder.file(name))
      #expect { try store.names() } throws: { ($0 as? ResultStoreError)?.kind == .io && "\($0)".contains("\(name) cannot be read") }
      #expect { try store.load("main") } throws: { ($0 as? ResultStoreError)?.kind == .io && "\($0)".contains("cannot be read") }
    }
  }

  @Test func whatDiffersIsTold() throws {
    let run = try makeBaseline().run
    #expect(run.differences(to: run).isEmpty)
    var other = run
    other.seed = 2
    other.ranker = "random"
    #expect(run.differences(to: other) == ["seed: the baseline has 18446744073709551615, this is 2", "ranker: the baseline has hot, this is random"])
    other = run
    other.scenarioHash = "beef"
    #expect(run.differences(to: other) == ["the scenario's text: the baseline has cafe, this is beef"])
  }

  @Test func timesOfAnotherMachineOrBuildAreNotCompared() throws {
    let here = try makeBaseline().environment
    #expect(here.timesDiffer(from: here) == nil)
    var other = here
    other.gitCommit = "another"
    #expect(here.timesDiffer(from: other) == nil)
    for change: (inout BaselineEnvironment) -> Void in [
      { $0.cpuModel = "Z80" }, { $0.logicalCores += 1 }, { $0.memoryBytes += 1 }, { $0.kernel += "1" }, { $0.compiler = "B" },
      { $0.buildConfiguration = "x" },
    ] {
      var other = here
      change(&other)
      #expect(here.timesDiffer(from: other) != nil)
    }
  }
}

@Suite struct BaselineBehaviourTests {
  private let then = Behaviour(
    digest: "a", operations: 10, outcomes: ["ok": 9, "notFound": 1],
    quality: ["ndcg": .init(value: 0.5, isBetterWhenHigher: true), "staleness": .init(value: 10, isBetterWhenHigher: false)])

  private func verdicts(_ now: Behaviour, allows: Bool = false) -> [String: FigureVerdict] {
    Dictionary(uniqueKeysWithValues: BehaviourComparison(allowsChange: allows).compare(then, now).map { ($0.figure, $0.verdict) })
  }

  @Test func theSameIsTheSame() { #expect(Set(verdicts(then).values) == [.same]) }

  @Test func somethingElseIsAChangeUnlessItIsAllowed() {
    var now = then
    now.digest = "b"
    now.operations = 11
    now.outcomes["ok"] = 10
    let strict = verdicts(now), lenient = verdicts(now, allows: true)
    for figure in ["digest", "operations", "outcome ok"] { #expect(strict[figure] == .changed && lenient[figure] == .allowed, "\(figure)") }
    #expect(strict["outcome notFound"] == .same)
    // Errors are no matter of taste.
    now.outcomes["failed"] = 1
    #expect(verdicts(now, allows: true)["outcome failed"] == .worse)
  }

  @Test func qualityMayRiseAndNotFall() {
    func quality(_ ndcg: Double, _ staleness: Double) -> [FigureVerdict?] {
      var now = then
      now.quality = ["ndcg": .init(value: ndcg, isBetterWhenHigher: true), "staleness": .init(value: staleness, isBetterWhenHigher: false)]
      let found = verdicts(now, allows: true)
      return [found["quality.ndcg"], found["quality.staleness"]]
    }
    #expect(quality(0.496, 10.05) == [.same, .same])
    #expect(quality(0.494, 10.2) == [.worse, .worse])
    #expect(quality(0.52, 9) == [.better, .better])
    var without = then
    without.quality = ["new": .init(value: 1, isBetterWhenHigher: true)]
    #expect(verdicts(without)["quality.ndcg"] == .changed && verdicts(without)["quality.new"] == .same)
  }

  /// Figures that say how the others are to be read, which earlier versions kept.
  @Test func whatIsNeitherGoodNorBadIsNotCompared() {
    var old = then
    old.quality["ndcg20ByChance"] = .init(value: 0.5, isBetterWhenHigher: true)
    old.quality["pages"] = .init(value: 100, isBetterWhenHigher: true)
    #expect(verdicts(then).keys.contains("quality.ndcg"))
    for (one, other) in [(old, then), (then, old)] {
      let found = BehaviourComparison(allowsChange: false).compare(one, other)
      #expect(found.allSatisfy { $0.verdict == .same && !$0.figure.hasSuffix("ByChance") && !$0.figure.hasSuffix("pages") })
    }
  }

  @Test func instructionsMayRiseByTheToleranceAndWhatTheyDifferByAnyway() {
    func verdict(_ count: UInt64, spread: Double = 0, tool: String = "perf") -> FigureVerdict? {
      BehaviourComparison(allowsChange: false).compare(
        InstructionCount(tool: "perf", scale: 1, count: 1_000_000, spread: 0), InstructionCount(tool: tool, scale: 1, count: count, spread: spread))?.verdict
    }
    #expect(verdict(1_019_000) == .same && verdict(1_021_000) == .worse && verdict(970_000) == .better)
    #expect(verdict(1_021_000, spread: 0.002) == .same)
    #expect(verdict(1_500_000, tool: "callgrind") == nil)
  }
}

@Suite struct JudgedFigureTests {
  /// Few, and such as say something.
  @Test func whatTakesTheTimeIsJudged() {
    func latency(_ kind: LatencyKind, _ name: String, _ count: UInt64, _ mean: Double, p99: UInt64) -> ProcessLatency {
      ProcessLatency(.init(kind: kind, name: name), count: count, meanNanoseconds: mean, p50Nanoseconds: UInt64(mean) - 10, p99Nanoseconds: p99)
    }
    let process = ProcessFigures(
      operationsPerSecond: 1,
      latencies: [
        latency(.ranking, "hot", 100_000, 700, p99: 2_000), latency(.service, "list", 100_000, 1_000, p99: 3_000),
        latency(.service, "rare", 10, 9_000, p99: 9_000), latency(.service, "read", 1_000_000, 60, p99: 200),
        latency(.storage, "listing", 100_000, 300, p99: 500),
      ])
    #expect(
      ProcessFigures.judged(of: [process]).map(\.name) == [
        "operationsPerSecond", "ranking.hot.meanNanoseconds", "ranking.hot.p50Nanoseconds", "ranking.hot.p99Nanoseconds", "list.meanNanoseconds", "list.p99Nanoseconds",
        "read.meanNanoseconds",
      ])
    #expect(ProcessFigures.judged(of: []).isEmpty)
  }
}

private func edit(_ object: inout [String: Any], _ key: String, _ body: (inout [String: Any]) -> Void) {
  var part = object[key] as? [String: Any] ?? [:]
  body(&part)
  object[key] = part
}

extension TemporaryFolder {
  /// A baseline's file without its end.
  fileprivate func emptied(_ baseline: Baseline, by store: BaselineStore) throws -> Data {
    try store.save(baseline)
    return try bytes(baseline.name + ".json").dropLast(20)
  }
}
