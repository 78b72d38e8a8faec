import JamboreeKit

/// The little world that the checks play in, and short ways to make calls in it.
enum Stage {
  static let memberCount: UInt32 = 16
  static let forums: [ContainerID] = (1...4).map { ContainerID(space: ContainerID.Space(service: 1, kind: 1), number: $0) }
  /// Known to the dataset, and nothing in it.
  static let empty = ContainerID(space: ContainerID.Space(service: 1, kind: 2), number: 1)
  /// Never mentioned before something is published there.
  /// With it, two of the 16 members have the same name.
  static let nameSeed: UInt64 = 1168

  static let unnamed = ContainerID(space: ContainerID.Space(service: 2, kind: 9), number: 0xFFFF_FFFF_FFFF)

  /// What names begin with, or do not.
  static let prefixes = ["", "b", "ba", "d", "ka", "zi", "zz", "s"]

  /// 16 members who follow some others, four forums, and a few items and replies from before the start.
  static let dataset: Dataset = {
    let count = Int(memberCount)
    var offsets = [0]
    var targets: [UInt32] = []
    for member in 0..<memberCount {
      // Member 3 follows nobody; the others the next one, the fifth and the eleventh.
      if member != 3 { targets += [1, 5, 11].map { (member + $0) % memberCount }.sorted() }
      offsets.append(targets.count)
    }
    let population = Population(
      regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: count),
      roles: [ParticipationRole](repeating: .contributor, count: count),
      affiliations: [Affiliation](repeating: .employee, count: count), interests: [UInt64](repeating: 1, count: count),
      graph: SocialGraph(offsets: offsets, targets: targets), nameSeed: nameSeed)
    var items: [Operation] = []
    for number in 1...6 as ClosedRange<UInt32> {
      var item = publish(.platform, number, in: forums[Int(number) % 2], at: -1_000_000 * Int64(7 - number)).operation
      item.flags = .isBackground
      items.append(item)
      if number % 3 == 0 {
        var reply = publish(.platform, 100 + number, answers: item.subject, at: -500_000 * Int64(7 - number)).operation
        reply.flags = .isBackground
        items.append(reply)
      }
    }
    return Dataset(
      population: population,
      containers: (forums + [empty]).enumerated().map { Dataset.Container(id: $1, name: "place \($0)") },
      history: OperationLog(items))
  }()

  static func operation(_ verb: Verb, by actor: MemberID, at time: Int64 = 0) -> Operation {
    Operation(verb: verb, action: ActionID(0), actor: actor, intended: SimTime(nanoseconds: time))
  }

  static func publish(
    _ author: MemberID, _ sequence: UInt32, in container: ContainerID = .none, answers parent: ItemID = .none,
    at time: Int64, flags: OperationFlags = [], further: [ContainerID] = []
  ) -> Call {
    var call = operation(.publish, by: author, at: time)
    call.subject = ItemID(author: author, sequence: sequence)
    call.container = container
    call.object = parent.rawValue
    call.flags = flags
    call.topic = UInt16(sequence % 64)
    call.payloadSeed = mix64(call.subject.rawValue)
    call.payloadLength = 20 + sequence % 50
    return Call(call, further.map(\.rawValue))
  }

  static func edit(_ item: ItemID, by actor: MemberID, expecting version: UInt32, text: UInt64 = 0) -> Call {
    var call = operation(.edit, by: actor)
    call.subject = item
    call.expectedVersion = version
    call.payloadSeed = mix64(item.rawValue ^ UInt64(version) << 20 ^ text)
    call.payloadLength = 30 + version
    return Call(call)
  }

  static func delete(_ item: ItemID, by actor: MemberID) -> Call {
    var call = operation(.delete, by: actor)
    call.subject = item
    return Call(call)
  }

  static func react(_ item: ItemID, by actor: MemberID, _ value: Int32, kind: ReactionKind = .rating) -> Call {
    var call = operation(.react, by: actor)
    call.subject = item
    call.kind = kind.rawValue
    call.value = value
    return Call(call)
  }

  static func connect(_ member: MemberID, _ other: MemberID, kind: ConnectionKind = .follow, undo: Bool = false) -> Call {
    var call = operation(undo ? .disconnect : .connect, by: member)
    call.object = UInt64(other.rawValue)
    call.kind = kind.rawValue
    return Call(call)
  }

  /// A read of one item: `item`, `thread`, `revisions`, or `scan` from there on.
  static func read(_ verb: Verb, _ item: ItemID, by viewer: MemberID, limit: UInt16 = 1000, skip: UInt64 = 0) -> Call {
    var call = operation(verb, by: viewer)
    call.subject = item
    call.limit = limit
    call.object = verb == .thread ? skip : 0
    return Call(call)
  }

  static func listing(
    _ container: ContainerID, by viewer: MemberID, _ order: ListingOrder = .newest, limit: UInt16 = 1000, skip: UInt64 = 0
  ) -> Call {
    var call = operation(.listing, by: viewer)
    call.container = container
    call.order = order
    call.limit = limit
    call.object = skip
    return Call(call)
  }

  static func recent(_ authors: [MemberID], by viewer: MemberID, limit: UInt16 = 1000) -> Call {
    var call = operation(.recentByAuthors, by: viewer)
    call.limit = limit
    return Call(call, authors.map { UInt64($0.rawValue) })
  }

  static func counts(_ containers: [ContainerID], by viewer: MemberID) -> Call {
    Call(operation(.counts, by: viewer), containers.map(\.rawValue))
  }

  static func connections(_ member: MemberID, kind: ConnectionKind = .follow, by viewer: MemberID, limit: UInt16 = 1000)
    -> Call
  {
    var call = operation(.connections, by: viewer)
    call.object = UInt64(member.rawValue)
    call.kind = kind.rawValue
    call.limit = limit
    return Call(call)
  }
}
