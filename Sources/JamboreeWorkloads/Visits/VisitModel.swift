import Glibc
import JamboreeKit

/// What all visitors of a service share: who they are, when they come, and how much each will do. Nothing changes in it
/// during a run.
///
/// Amounts are drawn before the start from (seed, member) and dealt out by strata, so that an action's total is its rate times
/// people times working days, to rounding, at any scale.
public final class VisitModel: Sendable {
  public let outline: VisitOutline
  public let parameters: VisitParameters
  public let setup: ServiceSetup
  /// Members who use the service, in an order without meaning; the first ``comingCount`` come during the run.
  let roster: [UInt32]
  let comingCount: Int
  /// Participants who own a place each.
  public let ownerCount: Int
  let thinkTimes: QuantileTable
  /// Base of the visitors' streams.
  public let streamBase: UInt64
  let metricOf: VisitMetrics
  /// Whether somebody shows members what was delivered to them.
  let delivers: Bool

  private let workingDays: Double
  private let curve: VisitCurve
  private let owning: StratifiedPermutation
  /// `budgets[activity * comingCount + participant]`.
  private let budgets: [UInt32]
  private let placing: StratifiedPermutation
  private let regionBounds: [Double]

  /// - Parameters:
  ///   - setup: what the service was prepared with.
  ///   - audience: whom the service is for.
  ///   - owners: share of the participants who own a place.
  public convenience init(
    _ outline: VisitOutline, _ parameters: VisitParameters, _ setup: ServiceSetup, audience: Audience = .employees, owners: Double = 0
  ) {
    self.init(outline, parameters, setup, audience: audience, owners: owners, curve: nil)
  }

  /// - Parameters:
  ///   - audience: whom the service is for.
  ///   - owners: share of the participants who own a place.
  ///   - curve: when they come; by the scenario's arrivals if nil.
  init(
    _ outline: VisitOutline, _ parameters: VisitParameters, _ setup: ServiceSetup, audience: Audience = .employees,
    owners: Double = 0, curve: VisitCurve?
  ) {
    self.outline = outline
    self.parameters = parameters
    self.setup = setup
    func domain(_ name: String) -> RandomDomain { RandomDomain("\(outline.name).\(name)") }
    let hours = ArrivalCurve(
      parameters.arrivals, regions: setup.population.regions, startMinuteOfWeek: setup.startMinuteOfWeek,
      durationNanoseconds: setup.durationNanoseconds)
    self.curve = curve ?? .hours(hours)
    let shares = setup.population.regions.map(\.share)
    let total = max(shares.reduce(0, +), .leastNormalMagnitude)
    var sum = 0.0
    regionBounds = shares.map { share in
      sum += share / total
      return sum
    }
    // A single burst is one day of its own, whatever hours it falls into.
    workingDays = curve == nil ? Self.days(hours, setup.population.regions) : 1
    roster = audience.draw(parameters.participation, setup, domain("participants"))
    comingCount = Self.coming(roster.count, parameters.dailyActive, days: workingDays)
    owning = StratifiedPermutation(count: roster.count, seed: setup.seed, domain: domain("owners"))
    ownerCount = min(Int((Double(roster.count) * owners).rounded()), roster.count)
    placing = StratifiedPermutation(count: roster.count, seed: setup.seed, domain: domain("regions"))
    thinkTimes = QuantileTable(LognormalDistribution(mean: Double(parameters.think.meanNanoseconds), sigma: parameters.think.sigma))
    streamBase = RandomStream.base(seed: setup.seed, domain: domain("visitor"))
    metricOf = VisitMetrics(outline, first: setup.firstMetric)
    delivers = setup.services.contains { type(of: $0).descriptor.id == NotificationService.descriptor.id }
    let deal = BudgetDeal(parameters, seed: setup.seed, coming: comingCount)
    let isOwner = { [owning, ownerCount] (participant: Int) in owning.rank(of: participant) < ownerCount }
    budgets = deal.budgets(
      outline.activities, total: Double(roster.count) * parameters.actionsPerDay * workingDays, isOwner: isOwner, domain: domain)
  }

  /// How many come at least once: each day as many, whoever came the day before.
  static func coming(_ count: Int, _ daily: Double, days: Double) -> Int {
    min(Int((Double(count) * (1 - pow(1 - daily, max(days, 0)))).rounded(.up)), count)
  }

  /// How many working days' weight the whole has, over all regions.
  static func days(_ hours: ArrivalCurve, _ regions: [Region]) -> Double {
    let shares = regions.map(\.share)
    return zip(hours.workingDays, shares).reduce(0) { $0 + $1.0 * $1.1 } / max(shares.reduce(0, +), .leastNormalMagnitude)
  }

  /// What a participant will do altogether of an activity.
  func budget(_ activity: Int, of participant: Int) -> UInt32 { budgets[activity * comingCount + participant] }

  /// What has been dealt out.
  var planned: PlannedCrowd {
    let activities = outline.activities.count
    let coming = (0..<comingCount).count { participant in (0..<activities).contains { budget($0, of: participant) > 0 } }
    return PlannedCrowd(
      name: outline.name, people: roster.count, participants: coming, workingDays: workingDays,
      amounts: outline.actions.enumerated().map { activity, action in
        PlannedCrowd.Amount(action: action.name, count: budgets[(activity * comingCount)..<((activity + 1) * comingCount)].reduce(0) { $0 + Int64($1) })
      })
  }

  /// The number of the place that a participant owns, from 0; nil for who owns none.
  public func place(ofOwner participant: Int) -> Int? {
    let rank = owning.rank(of: participant)
    return rank < ownerCount ? rank : nil
  }

  /// The owner of each place.
  public func owners() -> [MemberID] {
    var owners = [MemberID](repeating: .platform, count: ownerCount)
    for participant in roster.indices {
      if let place = place(ofOwner: participant) { owners[place] = MemberID(roster[participant]) }
    }
    return owners
  }

  /// The members who write during the run, with how much each does of it relative to the others; those who write much first.
  func writers() -> (members: [MemberID], weights: [Double]) {
    let deal = BudgetDeal(parameters, seed: setup.seed, coming: comingCount)
    let participants = deal.writers { RandomDomain("\(outline.name).\($0)") }
    let heavy = deal.heavyCount(of: participants)
    return (
      participants.map { MemberID(roster[$0]) },
      participants.indices.map { $0 < heavy ? parameters.writers.heavyFactor : 1 }
    )
  }

  /// The region whose clock a participant lives by. Readers without an account are spread like everybody else.
  func region(of participant: Int) -> UInt8 {
    let member = Int(roster[participant])
    if member < setup.population.count { return setup.population.regionIndices[member] }
    let quantile = placing.quantile(of: participant)
    return UInt8(regionBounds.firstIndex { quantile < $0 } ?? regionBounds.count - 1)
  }

  /// Where a member's next visit lies in the region's order of arrivals, in 2^-32. A member's visits are so many draws from the
  /// region's curve in order of time; each next one is drawn as the least of those that are left.
  /// - Parameters:
  ///   - last: where the one before lies; 0 before the first.
  ///   - left: how many are left, 1 or more.
  func nextQuantile(after last: UInt32, left: UInt32, _ stream: inout RandomStream) -> UInt32 {
    let last = Double(last) * 0x1p-32
    let share = leastOfUniform(count: Int(left), stream.nextUnit())
    return UInt32(min((last + (1 - last) * share) * 0x1p32, 0x1p32 - 1))
  }

  /// When a participant's visit begins that lies there.
  func time(of participant: Int, quantile: UInt32) -> SimTime {
    curve.time(region: Int(region(of: participant)), quantile: (Double(quantile) + 0.5) * 0x1p-32)
  }

  /// How many visits begin in each minute of the run, of a crowd of which each comes once. Known beforehand: when that is, is drawn
  /// from (seed, member) alone.
  func singleVisitsByMinute() -> [Int] {
    let minute: Int64 = 60_000_000_000
    var counts = [Int](repeating: 0, count: Int((setup.durationNanoseconds + minute - 1) / minute))
    for participant in 0..<comingCount where outline.activities.indices.contains(where: { budget($0, of: participant) > 0 }) {
      var stream = RandomStream(key: RandomStream.key(base: streamBase, entity: UInt64(roster[participant])))
      counts[Int(time(of: participant, quantile: nextQuantile(after: 0, left: 1, &stream)).nanoseconds / minute)] += 1
    }
    return counts
  }

  /// Index within the run of one of the service's counters: to be looked up once, and not each time that it is counted.
  public func metric(_ name: String) -> Int { outline.metric(name, first: setup.firstMetric) }

  // MARK: What agents do

  /// An operation of the visit's action, meant now.
  public func operation(_ verb: Verb, _ visit: Visit, _ context: borrowing AgentContext) -> Operation {
    Operation(verb: verb, action: action(of: visit), actor: MemberID(visit.member), intended: context.now)
  }

  /// The action that the visit is about.
  func action(of visit: Visit) -> ActionID { ActionID(setup.firstAction.rawValue + UInt16(visit.activity)) }

  /// Opens an item by itself; it is then what was read last.
  public func open(_ item: ItemID, withText: Bool = true, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    visit.lastRead = item
    var read = operation(.item, visit, context)
    read.subject = item
    read.limit = 1
    if withText { read.flags.insert(.wantsText) }
    return .read(read)
  }

  /// A place of the service.
  /// - Parameters:
  ///   - kind: 1 or above; tells the service's kinds of places apart.
  ///   - number: from 0.
  public func container(_ kind: UInt8, _ number: Int) -> ContainerID {
    ContainerID(space: ContainerID.Space(service: setup.serviceNumber, kind: kind), number: UInt64(number) + 1)
  }

  /// An operation that makes an item, which is the visitor's next one.
  public func publication(
    _ visit: inout Visit, _ stream: inout RandomStream, _ context: borrowing AgentContext, lengths: QuantileTable
  ) -> Operation {
    visit.published += 1
    var publish = operation(.publish, visit, context)
    publish.subject = ItemID(author: MemberID(visit.member), service: setup.serviceNumber, sequence: visit.published)
    publish.payloadSeed = stream.next()
    publish.payloadLength = UInt32(min(max(lengths.value(bits: stream.next()), 1), 65_536))
    publish.topic = UInt16(publish.payloadSeed & 63)
    return publish
  }

  /// An item of the platform's own, for the history.
  public func platformItem(_ sequence: Int, seed: UInt64, bytes: Int64) -> Operation {
    var publish = Operation(verb: .publish, action: setup.firstAction, actor: .platform, intended: .zero)
    publish.subject = ItemID(author: .platform, service: setup.serviceNumber, sequence: UInt32(sequence + 1))
    publish.payloadSeed = seed
    publish.payloadLength = UInt32(min(max(bytes, 1), 65_536))
    publish.topic = UInt16(seed & 63)
    publish.flags.insert(.isBackground)
    return publish
  }

  /// An item that a member has published before the start, for the history. These have numbers that the run does not come to.
  /// - Parameter sequence: the how-manieth of the member's, from 0.
  func earlierItem(by member: MemberID, _ sequence: UInt32, at time: SimTime, seed: UInt64, bytes: Int64) -> Operation {
    var publish = platformItem(0, seed: seed, bytes: bytes)
    publish.actor = member
    publish.subject = ItemID(author: member, service: setup.serviceNumber, sequence: 0x80_0000 + sequence)
    publish.intended = time
    return publish
  }

  /// Tells a member of something, if there is a service that shows it, as a part of the action's group of writes.
  public func deliver(_ kind: DeliveryKind, of item: ItemID, to member: MemberID, _ visit: Visit, _ context: inout AgentContext) {
    guard delivers, member.rawValue != visit.member, Int(member.rawValue) < setup.population.count else { return }
    var deliver = operation(.deliver, visit, context)
    deliver.subject = item
    deliver.kind = kind.rawValue
    context.write(deliver, arguments: CollectionOfOne(UInt64(member.rawValue)))
  }
}

/// Where a service's metrics are within the run.
struct VisitMetrics: Sendable {
  let participants, visits, online: Int
  /// By activity.
  let counts: [[Int]]

  init(_ outline: VisitOutline, first: Int) {
    func metric(_ name: String) -> Int { outline.metric(name, first: first) }
    (participants, visits, online) = (metric("participants"), metric("visits"), metric("online"))
    counts = outline.activities.map { $0.counts.map(metric) }
  }
}

/// When visits begin.
enum VisitCurve: Sendable {
  case hours(ArrivalCurve)
  case burst(BurstCurve)

  func time(region: Int, quantile: Double) -> SimTime {
    switch self {
    case .hours(let curve): curve.time(region: region, quantile: quantile)
    case .burst(let curve): curve.time(quantile: quantile)
    }
  }
}

/// Whom a service is for.
public enum Audience: Sendable {
  /// The most readers without an account that one crowd has: as many as a population has members. Their ids are reserved, and the
  /// engine has numbers for as many agents.
  static let mostAnonymous = 100_000_000

  case employees, alumni
  /// Readers without an account: how many at full scale, and the number of the first one among the reserved ids; at most
  /// ``mostAnonymous`` come, so numbers from `0x0700_0000` on are free for a second crowd.
  case public_(count: Int, first: UInt32)

  /// Those who take part, in an order without meaning.
  func draw(_ participation: Double, _ setup: ServiceSetup, _ domain: RandomDomain) -> [UInt32] {
    let population = setup.population
    let candidates: [UInt32]
    switch self {
    case .employees: candidates = Self.members(population) { $0 == .employee }
    case .alumni: candidates = Self.members(population) { $0 == .alumnus }
    case .public_(let count, let first):
      let number = min((Double(count) * setup.scale * participation).rounded(), Double(Self.mostAnonymous))
      return (0..<UInt32(number)).map { MemberID.firstAnonymous.rawValue + first + $0 }
    }
    guard !candidates.isEmpty else { return [] }
    let permutation = StratifiedPermutation(count: candidates.count, seed: setup.seed, domain: domain)
    let wanted = Int((Double(candidates.count) * participation).rounded())
    var drawn = [UInt32](repeating: 0, count: wanted)
    for (index, member) in candidates.enumerated() {
      let rank = permutation.rank(of: index)
      if rank < wanted { drawn[rank] = member }
    }
    return drawn
  }

  private static func members(_ population: Population, _ isWanted: (Affiliation) -> Bool) -> [UInt32] {
    var members: [UInt32] = []
    members.reserveCapacity(population.count)
    for (index, affiliation) in population.affiliations.enumerated() where isWanted(affiliation) { members.append(UInt32(index)) }
    return members
  }
}
