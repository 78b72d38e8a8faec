import Glibc
import JamboreeKit

/// A participant, whether online or not: 28 bytes. What a visit needs is taken along into it and brought back at its end.
struct JamParticipant: BitwiseCopyable {
  var member: UInt32
  /// How many random numbers have been drawn.
  var draws: UInt32 = 0
  /// Tag of the only wake-up that counts; raising it makes the earlier ones stale.
  var tag: UInt32 = 0
  /// Where the next visit lies in the region's order of arrivals, in 2^-32.
  var quantile: UInt32 = 0
  var sessionsLeft: UInt16
  var postsLeft: UInt16
  var ratingsLeft: UInt16
  var posted: UInt16 = 0
  var hasJoined = false
  var isOnline = false
}

/// A visit that is under way: two cache lines, of which most wake-ups touch one.
struct JamVisit: BitwiseCopyable {
  static let maximumTargets = 8

  /// The idea that was opened last.
  var lastRead = ItemID.none
  var participant: UInt32
  var member: UInt32
  var draws: UInt32
  var pagesLeft: UInt16
  /// Still to be spread over the pages that are left.
  var postsLeft: UInt16
  var ratingsLeft: UInt16
  /// To be made before the next page.
  var postsDue: UInt16 = 0
  var ratingsDue: UInt16 = 0
  var posted: UInt16
  /// The forum that was listed last, from 0.
  var forum: UInt16 = 0
  var region: UInt8
  var targetCount: UInt8 = 0
  var hasJoined: Bool
  /// Whether the idea that was opened last has been rated since.
  var hasRated = false
  /// Ideas that will be opened next, the last one first.
  var targets: InlineArray<8, ItemID> = InlineArray(repeating: .none)
  private let room = InlineArray<3, UInt64>(repeating: 0)

  init(of participant: JamParticipant, number: UInt32, region: UInt8, pages: Int, posts: Int, ratings: Int) {
    self.participant = number
    member = participant.member
    draws = participant.draws
    pagesLeft = UInt16(pages)
    postsLeft = UInt16(posts)
    ratingsLeft = UInt16(ratings)
    posted = participant.posted
    self.region = region
    hasJoined = participant.hasJoined
  }

  /// Memory for visits that each begin on a cache line.
  static func allocate(_ count: Int) -> UnsafeMutableBufferPointer<JamVisit> {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count * MemoryLayout<JamVisit>.stride, alignment: 64)
    return bytes.bindMemory(to: JamVisit.self)
  }
}

/// The participants of one shard. The agents' numbers are the participants' and, from there on, the visits': who is
/// online is woken as a visit, so that a wake-up touches the visit's memory alone.
final class JamAgents: ServiceAgents {
  let model: JamModel
  // Behind pointers: a class's stored arrays are checked for exclusive access and copied-on-write at every step.
  let participants: UnsafeMutableBufferPointer<JamParticipant>
  @exclusivity(unchecked) var visits: UnsafeMutableBufferPointer<JamVisit>
  /// Free places among the visits.
  var freeVisits: [UInt32] = []
  var usedVisits = 0
  var count: Int { participants.count }

  init(_ model: JamModel, shard: Int) {
    self.model = model
    let members = model.population.count
    var found: [JamParticipant] = []
    found.reserveCapacity(model.participantCount / shardCount + model.participantCount / 512 + 8)
    for member in stride(from: shard, to: members, by: shardCount) {
      guard let number = model.participantNumber(of: member) else { continue }
      found.append(
        JamParticipant(
          member: UInt32(member), sessionsLeft: UInt16(model.sessions(of: number, region: Int(model.population.regionIndices[member]))),
          postsLeft: UInt16(model.posts(of: number)), ratingsLeft: UInt16(model.ratings(of: number))))
    }
    participants = .allocate(capacity: found.count)
    _ = participants.initialize(from: found)
    visits = JamVisit.allocate(16)
  }

  deinit {
    participants.deallocate()
    visits.deallocate()
  }

  /// Only keeps the reads of ``willWake(_:)`` from being optimised away.
  @exclusivity(unchecked) private var touched: UInt32 = 0

  func willWake(_ agents: Span<UInt32>) {
    var sum: UInt32 = 0
    for index in 0..<agents.count {
      let number = Int(agents[index])
      sum &+= number < participants.count ? participants[number].tag : visits[number - participants.count].member
    }
    touched = sum
  }

  func start(_ context: inout AgentContext) {
    for agent in 0..<participants.count {
      context.count(model.metrics.participants)
      var stream = stream(of: participants[agent].member, drawn: participants[agent].draws)
      scheduleNextVisit(UInt32(agent), &stream, notBefore: .zero, &context)
      participants[agent].draws = stream.counter
    }
  }

  @inline(__always) func stream(of member: UInt32, drawn: UInt32) -> RandomStream {
    RandomStream(key: RandomStream.key(base: model.streamBase, entity: UInt64(member)), counter: drawn)
  }

  // MARK: Between visits

  /// Asks to be woken for the next visit, if one is left. The visits of a participant are so many draws from the
  /// region's curve in order of time; each next one is drawn as the least of those that are left.
  func scheduleNextVisit(_ agent: UInt32, _ stream: inout RandomStream, notBefore: SimTime, _ context: inout AgentContext) {
    let participant = participants[Int(agent)]
    guard participant.sessionsLeft > 0 else { return }
    let last = Double(participant.quantile) * 0x1p-32
    let share = leastOfUniform(count: Int(participant.sessionsLeft), stream.nextUnit())
    let quantile = last + (1 - last) * share
    participants[Int(agent)].quantile = UInt32(min(quantile * 0x1p32, 0x1p32 - 1))
    let time = max(visitTime(participants[Int(agent)]), notBefore)
    participants[Int(agent)].tag &+= 1
    context.schedule(agent, at: time, tag: participants[Int(agent)].tag)
  }

  /// The number of a member's agent, or nil for one who stays away. Participants ascend by member; a search costs less
  /// than a table of everybody who was invited, for the few times that it is asked.
  private func agent(of member: UInt32) -> UInt32? {
    var (low, high) = (0, participants.count)
    while low < high {
      let middle = (low + high) / 2
      if participants[middle].member < member { low = middle + 1 } else { high = middle }
    }
    return low < participants.count && participants[low].member == member ? UInt32(low) : nil
  }

  private func visitTime(_ participant: JamParticipant) -> SimTime {
    let region = Int(model.population.regionIndices[Int(participant.member)])
    return model.curve.time(region: region, quantile: (Double(participant.quantile) + 0.5) * 0x1p-32)
  }

  func receive(_ notice: Notice, _ context: inout AgentContext) {
    guard let agent = agent(of: notice.to.rawValue) else { return }
    context.count(model.metrics.notifications)
    let participant = participants[Int(agent)]
    // Who is there sees it anyway; who has no visit left stays away.
    guard !participant.isOnline, participant.sessionsLeft > 0 else { return }
    var stream = stream(of: participant.member, drawn: participant.draws)
    defer { participants[Int(agent)].draws = stream.counter }
    guard stream.chance(model.parameters.notifications.returnProbability) else { return }
    let time = context.now + model.reactionTimes.value(bits: stream.next())
    guard time < visitTime(participant) else { return }
    context.count(model.metrics.returns)
    participants[Int(agent)].tag &+= 1
    context.schedule(agent, at: time, tag: participants[Int(agent)].tag)
  }

  // MARK: Visits

  /// Brings a participant online; returns the number of the visit.
  func beginVisit(_ agent: UInt32, _ context: inout AgentContext) -> Int {
    let participant = participants[Int(agent)]
    var stream = stream(of: participant.member, drawn: participant.draws)
    let sessionsLeft = Int(participant.sessionsLeft)
    // A listing and one idea at the least: who came has seen something to rate or to answer.
    let pages = 2 + Int(min(model.extraPages.value(at: stream.nextUnit()), 60_000))
    let posts = evenShare(Int(participant.postsLeft), over: sessionsLeft, &stream)
    let ratings = evenShare(Int(participant.ratingsLeft), over: sessionsLeft, &stream)
    let region = model.population.regionIndices[Int(participant.member)]
    let number = takeVisit()
    visits[number] = JamVisit(of: participant, number: agent, region: region, pages: pages, posts: posts, ratings: ratings)
    visits[number].draws = stream.counter
    participants[Int(agent)].isOnline = true
    participants[Int(agent)].sessionsLeft -= 1
    participants[Int(agent)].postsLeft -= UInt16(posts)
    participants[Int(agent)].ratingsLeft -= UInt16(ratings)
    context.count(model.metrics.sessions)
    context.count(model.metrics.online)
    context.count(model.metrics.firstRegionOnline + Int(region))
    return number
  }

  func endVisit(_ number: Int, _ stream: inout RandomStream, _ context: inout AgentContext) {
    let visit = visits[number]
    let agent = Int(visit.participant)
    // What found nothing to answer or to rate waits for the next visit.
    participants[agent].postsLeft += visit.postsLeft + visit.postsDue
    participants[agent].ratingsLeft += visit.ratingsLeft + visit.ratingsDue
    participants[agent].posted = visit.posted
    participants[agent].hasJoined = visit.hasJoined
    participants[agent].isOnline = false
    freeVisits.append(UInt32(number))
    context.count(model.metrics.online, by: -1)
    context.count(model.metrics.firstRegionOnline + Int(visit.region), by: -1)
    scheduleNextVisit(visit.participant, &stream, notBefore: context.now + 1, &context)
    participants[agent].draws = stream.counter
  }

  private func takeVisit() -> Int {
    if let free = freeVisits.popLast() { return Int(free) }
    if usedVisits == visits.count {
      let grown = JamVisit.allocate(visits.count * 2)
      _ = grown.moveInitialize(fromContentsOf: UnsafeMutableBufferPointer(rebasing: visits[0..<usedVisits]))
      visits.deallocate()
      visits = grown
    }
    usedVisits += 1
    return usedVisits - 1
  }

  // MARK: Checkpoints

  func encode(into encoder: inout StateEncoder) {
    encoder.encode(UnsafeBufferPointer(participants))
    encoder.encode(UnsafeBufferPointer(UnsafeMutableBufferPointer(rebasing: visits[0..<usedVisits])))
    encoder.encode(freeVisits)
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    let restored = try decoder.decodeArray(of: JamParticipant.self)
    guard restored.count == participants.count else { throw StateMismatch("the checkpoint is of another number of participants") }
    let restoredVisits = try decoder.decodeArray(of: JamVisit.self)
    freeVisits = try decoder.decodeArray(of: UInt32.self)
    _ = participants.update(from: restored)
    visits.deallocate()
    visits = JamVisit.allocate(max(restoredVisits.count, 16))
    _ = visits.initialize(from: restoredVisits)
    usedVisits = restoredVisits.count
  }
}

/// The least of `count` uniform draws, from one uniform number: 1 - (1 - u)^(1 / count).
func leastOfUniform(count: Int, _ uniform: Double) -> Double {
  count <= 1 ? uniform : 1 - pow(1 - uniform, 1 / Double(count))
}
