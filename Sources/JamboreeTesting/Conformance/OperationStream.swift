import JamboreeKit

/// Random writes and reads from a seed, over few members, places and moments, so that everything meets everything.
///
/// It knows which ids it has used, not what became of them: stale, missing and foreign ids are part of the stream.
struct OperationStream {
  private var random: RandomStream
  private let claimed: Set<Verb>
  private let members: [MemberID]
  private let places = Stage.forums + [Stage.unnamed]
  private(set) var known: [ItemID]
  private var sequences: [MemberID: UInt32] = [:]

  /// - Parameter claimed: the verbs that may be used.
  init(seed: UInt64, claimed: Set<Verb>) {
    random = RandomStream(key: mix64(seed))
    self.claimed = claimed
    members = (0..<10).map { MemberID($0) } + [MemberID(64), MemberID(0xEFFF_FFFF)]
    known = Stage.dataset.history.operations.map(\.subject)
  }

  var authors: [MemberID] { members + [.platform] }

  /// The writes of one tick.
  /// - Parameter model: what is there so far, for edits that expect the right version.
  mutating func writes(_ count: Int, tick: Int64, model: ReferenceModel) -> [Call] {
    var calls: [Call] = []
    // Of the version as it will be when a call's turn comes.
    var ahead = model
    while calls.count < count {
      guard let call = write(tick: tick, model: ahead) else { continue }
      _ = ahead.perform(call)
      calls.append(call)
    }
    return calls
  }

  private mutating func write(tick: Int64, model: ReferenceModel) -> Call? {
    let call: Call
    switch random.next(below: 100) {
    case ..<40: call = publish(tick)
    case ..<52: call = edit(model)
    case ..<58:
      let id = item()
      call = Stage.delete(id, by: actor(0.7, of: id))
    case ..<78: call = react()
    case ..<86: call = deliver(tick)
    case ..<88:
      call = Stage.markRead(
        by: member(), until: tick * 100 - Int64(random.next(below: 300)), random.chance(0.5) ? .feed : .reply)
    case ..<95:
      call = Stage.connect(
        member(), member(), kind: ConnectionKind(rawValue: UInt8(random.next(below: 2))), undo: random.chance(0.4))
    default:
      var join = Stage.operation(.join, by: member())
      join.container = place()
      call = Call(join)
    }
    return claimed.contains(call.operation.verb) ? call : nil
  }

  private mutating func publish(_ tick: Int64) -> Call {
    let author = member()
    var call: Call
    var time = tick * 100 + Int64(random.next(below: 12))
    if random.chance(0.05) { time = Int64(random.next(below: 3)) - 1 }
    if random.chance(0.45) {
      // Now and then an item that never comes to be.
      let parent = random.chance(0.05) ? ItemID(author: member(), sequence: 0x7FFF_0000) : item()
      call = Stage.publish(author, 0, in: place(), answers: parent, at: time)
    } else {
      call = Stage.publish(author, 0, in: random.chance(0.05) ? .none : place(), at: time)
    }
    if random.chance(0.25) { for _ in 0...random.next(below: 3) { call.arguments.append(place().rawValue) } }
    if random.chance(0.15) { call.operation.flags.insert(.isPrivate) }
    if random.chance(0.1) { call.operation.flags.insert(.isNegative) }
    call.operation.topic = UInt16(random.next(below: 64))
    call.operation.kind = UInt8(random.next(below: 256))
    call.operation.value = Int32(truncatingIfNeeded: random.next())
    text(&call.operation)
    if random.chance(0.03) {
      // An id that is taken, or that stands for none.
      call.operation.subject = random.chance(0.2) ? .none : item()
      return call
    }
    // Ascending, with gaps.
    let sequence = sequences[author, default: 0] + 1 + UInt32(random.next(below: 3))
    sequences[author] = sequence
    call.operation.subject = ItemID(author: author, sequence: sequence)
    call.operation.actor = random.chance(0.9) ? author : member()
    known.append(call.operation.subject)
    return call
  }

  private mutating func deliver(_ tick: Int64) -> Call {
    let recipients = (0...random.next(below: 5)).map { _ in member() }
    let kind = random.chance(0.5) ? DeliveryKind.feed : DeliveryKind(rawValue: UInt8(1 + random.next(below: 3)))
    // Few times and few causes, so that deliveries repeat each other and tie.
    let time = tick * 100 + Int64(random.next(below: 3))
    let object = kind == .feed ? UInt64(bitPattern: Int64(random.next(below: 6)) - 1) : UInt64(random.next(below: 3))
    return Stage.deliver(item(), to: recipients, by: member(), kind, object: object, at: time)
  }

  private mutating func edit(_ model: ReferenceModel) -> Call {
    let id = item()
    let version = UInt32(model.find(id)?.texts.count ?? 1)
    var call = Stage.edit(
      id, by: actor(0.6, of: id), expecting: random.chance(0.75) ? version : UInt32(random.next(below: 5)))
    text(&call.operation)
    return call
  }

  private mutating func react() -> Call {
    let id = item()
    let kind = random.chance(0.5) ? 0 : UInt8(random.next(below: 5))
    let span = kind == 1 ? 3 : kind == 2 ? 2 : 6
    let regular = Int32(random.next(below: span)) - (kind == 1 ? 1 : 0)
    let value = random.chance(0.95) ? regular : Int32(truncatingIfNeeded: random.next()) % 100
    return Stage.react(id, by: actor(0.2, of: id), value, kind: ReactionKind(rawValue: kind))
  }

  private mutating func text(_ operation: inout Operation) {
    operation.payloadSeed = random.next()
    operation.payloadLength = random.chance(0.02) ? 65_530 + UInt32(random.next(below: 12)) : UInt32(random.next(below: 400))
  }

  /// Questions of every kind, with all sorts of viewers, limits and skips.
  mutating func reads(_ count: Int) -> [Call] {
    var calls: [Call] = []
    for _ in 0..<count {
      let viewer = random.chance(0.1) ? .firstAnonymous : member()
      let limit = limit()
      let skip = random.chance(0.5) ? 0 : UInt64(random.next(below: 30))
      switch random.next(below: 15) {
      case 0..<3:
        calls.append(Stage.listing(place(), by: viewer, random.chance(0.5) ? .newest : .active, limit: limit, skip: skip))
      case 3, 4: calls.append(Stage.read(.thread, item(), by: viewer, limit: limit, skip: skip))
      case 5: calls.append(Stage.read(random.chance(0.5) ? .item : .revisions, item(), by: viewer, limit: limit))
      case 6: calls.append(Stage.recent((0...random.next(below: 4)).map { _ in member() }, by: viewer, limit: limit))
      case 7: calls.append(Stage.counts((0...random.next(below: 4)).map { _ in place() }, by: viewer))
      case 9: calls.append(Stage.inbox(by: viewer, limit: limit))
      case 10: calls.append(Stage.notifications(by: viewer, limit: limit))
      case 11:
        calls.append(
          Stage.directory(
            random.chance(0.5) ? .none : place(), after: random.chance(0.5) ? nil : member(),
            prefix: Stage.prefixes[random.next(below: Stage.prefixes.count)], by: viewer, limit: limit))
      case 12: calls.append(Stage.profile(member(), by: viewer))
      // The words that nearly every text has, and rarer ones.
      case 13: calls.append(Stage.search(random.next(below: random.chance(0.5) ? 8 : 2000), by: viewer, limit: limit))
      case 8: calls.append(Stage.read(.scan, random.chance(0.2) ? .none : item(), by: viewer, limit: limit))
      default:
        calls.append(Stage.connections(member(), kind: random.chance(0.5) ? .follow : .friend, by: viewer, limit: limit))
      }
    }
    return calls
  }

  private mutating func limit() -> UInt16 {
    let limits: [UInt16] = [0, 1, 2, 3, 5, 10, 20, 100, 1000]
    return limits[random.next(below: limits.count)]
  }

  private mutating func member() -> MemberID { members[random.next(below: members.count)] }
  private mutating func place() -> ContainerID { places[random.next(below: places.count)] }

  /// A known id, mostly a late one, or one that nobody has used.
  private mutating func item() -> ItemID {
    if known.isEmpty || random.chance(0.03) { return ItemID(author: member(), sequence: 0x7FFF_0001) }
    let recent = min(known.count, random.chance(0.7) ? 12 : known.count)
    return known[known.count - 1 - random.next(below: recent)]
  }

  /// The item's author with the given probability, else anybody.
  private mutating func actor(_ own: Double, of id: ItemID) -> MemberID {
    id != .none && random.chance(own) ? id.author : member()
  }
}
