import ArgumentParser
import JamboreeKit
import JamboreeMetrics
import JamboreePopulation

struct StorageBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "storage", abstract: "What one session of a storage backend does of each verb that a jam calls.")

  @Argument(help: "Storage backend: id[:location][?option=value&...]; see 'jamboree backends'.")
  var backend = "memory"
  @Option(
    parsing: .unconditional, help: "Items that are there beforehand, a fifth of them ideas; 100 to 100,000,000. Default: 100,000.",
    transform: NumberArgument.integer(100...100_000_000))
  var items = 100_000
  @Option(
    parsing: .unconditional, help: "Calls of each verb, 1,000 to 100,000,000. Default: 50,000.",
    transform: NumberArgument.integer(1_000...100_000_000))
  var operations = 50_000
  @Flag(help: "Only load, and leave the data.")
  var loadOnly = false
  @OptionGroup var flags: BenchFlags

  func run() throws {
    let instance = try Composition.backends.make(PlugInReference(backend)).instance
    guard case .blocking(let opened) = instance else {
      throw Failure(code: Failure.usage, message: "'\(withoutPassword(backend))' answers over a network, where one call after the other measures the network; use a blocking backend")
    }
    try bench(opened)
  }

  private func bench<Backend: BlockingStorageBackend>(_ backend: Backend) throws {
    let world = StorageWorld(items: items, seed: flags.seed)
    let start = monotonicNanoseconds()
    try backend.load(world.dataset)
    let loadSeconds = Double(monotonicNanoseconds() - start) / 1e9
    var results: [(name: String, best: Double, all: [Double])] = []
    if !loadOnly {
      let session = try backend.openSession(0)
      var reply = Reply()
      var tick: TickID = 0
      for call in StorageWorld.Call.allCases {
        let (_, best, all) = try flags.measure { () throws in
          for number in 0..<operations {
            reply.reset()
            let outcome = session.execute(world.operation(call, tick: tick, number), arguments: Span(), into: &reply)
            guard outcome == .ok else {
              throw Failure(code: Failure.unreachable, message: "\(call.rawValue) \(number): expected ok, got \(outcome.name) (\(session.lastErrorText))")
            }
            // A commit for a thousand writes, as at a tick's end.
            if call.isWrite, number % 1_000 == 999 { try backend.endTick(tick) }
            if number % 1_000 == 999 { tick += 1 }
          }
          if call.isWrite { try backend.endTick(tick) }
          tick += 1
        }
        results.append((call.rawValue, best, all))
      }
    }
    try backend.finish()
    try report(results, loadSeconds)
  }

  private func report(_ results: [(name: String, best: Double, all: [Double])], _ loadSeconds: Double) throws {
    var table = TextTable(["one session, \(Text.grouped(Int64(items))) items", "each", "rate"])
    var verbs: [String: JSON] = [:]
    for result in results {
      let rate = Double(operations) / result.best
      table.add([result.name, Text.duration(nanoseconds: result.best * 1e9 / Double(operations)), Text.rate(rate)])
      verbs[result.name] = .object([
        "operationsPerSecond": JSON(rate), "meanNanoseconds": JSON(result.best * 1e9 / Double(operations)),
        "runSeconds": .array(result.all.map { JSON($0) }),
      ])
    }
    let all = results.map(\.best).reduce(0, +)
    let rate = all > 0 ? Double(operations * results.count) / all : Double(items) / loadSeconds
    try flags.report(
      "storage",
      ["\(withoutPassword(backend)), loaded in \(Text.significant(loadSeconds)) s", table.text(indent: "")],
      [
        "backend": .string(withoutPassword(backend)), "items": .integer(Int64(items)), "operations": .integer(Int64(operations)), "loadSeconds": JSON(loadSeconds),
        "operationsPerSecond": JSON(rate), "verbs": .object(verbs),
      ], results.map(\.best).isEmpty ? [loadSeconds] : [all])
  }
}

/// The content that `bench storage` measures on, and the calls that it makes there. A program in another language can make the
/// same ones: ids and keys follow from numbers by ``mix64(_:)`` alone.
struct StorageWorld {
  /// A verb as a jam calls it.
  enum Call: String, CaseIterable {
    case item, thread20, listing20, listing100, react, publishReply, publishIdea, join
    var isWrite: Bool { [.react, .publishReply, .publishIdea, .join].contains(self) }
  }

  static let members = 10_000
  static let forums = 6
  static let textBytes: UInt32 = 400

  private let ideas: Int
  private let items: Int
  private let seed: UInt64

  init(items: Int, seed: UInt64) {
    ideas = max(items / 5, 1)
    self.items = items
    self.seed = seed
  }

  var dataset: Dataset {
    let population = PopulationGenerator.generate(
      PopulationParameters(members: Self.members, graph: GraphParameters(meanDegree: 0)), seed: Seed(seed), workers: 1)
    var history = OperationLog()
    for number in 0..<items { history.append(publish(number, at: Int64(number) * 1_000)) }
    return Dataset(
      identity: "bench storage, \(items) items, seed \(seed)", population: population,
      containers: (0..<Self.forums).map { Dataset.Container(id: forum($0), name: "Forum \($0 + 1)") }, history: history,
      verbs: [.join, .listing, .thread, .item, .publish, .react])
  }

  /// The first `ideas` items are ideas, in the forums in turn; the others reply to them in turn.
  private func publish(_ number: Int, at time: Int64) -> Operation {
    var operation = Operation(
      verb: .publish, action: ActionID(0), actor: MemberID(UInt32(number % Self.members)), intended: SimTime(nanoseconds: time))
    operation.subject = item(number)
    operation.container = forum(number)
    if number >= ideas { operation.object = item(number % ideas).rawValue }
    operation.payloadSeed = mix64(operation.subject.rawValue)
    operation.payloadLength = Self.textBytes
    operation.topic = UInt16(number % 64)
    return operation
  }

  private func item(_ number: Int) -> ItemID {
    ItemID(author: MemberID(UInt32(number % Self.members)), sequence: UInt32(number / Self.members + 1))
  }

  private func forum(_ number: Int) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: 0, kind: 1), number: UInt64(number % Self.forums + 1))
  }

  /// - Parameter tick: any number that no other round of the same call had for this number.
  func operation(_ call: Call, tick: TickID, _ number: Int) -> Operation {
    let bits = mix64(seed ^ UInt64(bitPattern: tick) << 32 ^ UInt64(number))
    let idea = Int(bits % UInt64(ideas))
    let member = MemberID(UInt32((bits >> 32) % UInt64(Self.members)))
    let now = SimTime(nanoseconds: Int64(items) * 1_000 + tick * 1_000_000_000 + Int64(number) * 1_000)
    func make(_ verb: Verb) -> Operation { Operation(verb: verb, action: ActionID(0), actor: member, intended: now) }
    switch call {
    case .item, .thread20:
      var read = make(call == .item ? .item : .thread)
      read.subject = item(idea)
      read.limit = call == .item ? 1 : 20
      return read
    case .listing20, .listing100:
      var read = make(.listing)
      read.container = forum(idea)
      read.order = .active
      read.limit = call == .listing20 ? 20 : 100
      return read
    case .react:
      var rating = make(.react)
      rating.subject = item(idea)
      rating.kind = ReactionKind.rating.rawValue
      rating.value = Int32(bits >> 40 & 3) + 1
      return rating
    case .publishReply, .publishIdea:
      var publish = make(.publish)
      // Of authors whom nobody is, so that ids are new in every round.
      publish.subject = ItemID(author: MemberID(0x4000_0000 + UInt32(tick)), sequence: UInt32(number + 1))
      publish.container = forum(idea)
      if call == .publishReply { publish.object = item(idea).rawValue }
      publish.payloadSeed = bits
      publish.payloadLength = Self.textBytes
      return publish
    case .join:
      var join = make(.join)
      join.container = ContainerID(space: ContainerID.Space(service: 0, kind: 2), number: UInt64(idea + 1))
      return join
    }
  }
}
