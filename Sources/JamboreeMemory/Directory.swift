import JamboreeKit

/// Members by name: everybody, and those who have joined a container.
struct Directory: ~Copyable {
  private let population: Population
  /// Members in the order of their names, the first eight bytes of their keys, and each member's place in it.
  private let byName: [UInt32]
  private let leading: [UInt64]
  private let ranks: [UInt32]
  /// Ranks of a container's members, ascending.
  private var joined: [ContainerID: [UInt32]] = [:]

  init(_ population: Population) {
    self.population = population
    // Eight bytes decide nearly every comparison; only names that share them are spelled out.
    var keys: [(prefix: UInt64, member: UInt32)] = []
    keys.reserveCapacity(population.count)
    for member in 0..<UInt32(population.count) {
      keys.append((Directory.leading(population.collationKey(of: MemberID(member))), member))
    }
    keys.sort { a, b in
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      let (first, second) = (population.collationKey(of: MemberID(a.member)), population.collationKey(of: MemberID(b.member)))
      return first == second ? a.member < b.member : first.lexicographicallyPrecedes(second)
    }
    byName = keys.map(\.member)
    leading = keys.map(\.prefix)
    var ranks = [UInt32](repeating: 0, count: population.count)
    for (rank, member) in byName.enumerated() { ranks[Int(member)] = UInt32(rank) }
    self.ranks = ranks
  }

  /// The first eight bytes as a number; zero-filled.
  private static func leading(_ key: [UInt8]) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<8 { value = value << 8 | (index < key.count ? UInt64(key[index]) : 0) }
    return value
  }

  mutating func join(_ member: MemberID, _ container: ContainerID) {
    guard Int(member.rawValue) < ranks.count else { return }
    let rank = ranks[Int(member.rawValue)]
    let place = Directory.firstPlace(in: joined[container] ?? []) { $0 >= rank }
    if let members = joined[container], place < members.count, members[place] == rank { return }
    joined[container, default: []].insert(rank, at: place)
  }

  func read(_ operation: Operation, _ reply: inout Reply) {
    // Those with the prefix lie side by side; it has no more bytes than are at hand of each key, and ends at a zero byte.
    var (low, high) = (0 as UInt64, UInt64.max)
    for shift in stride(from: 56, through: 0, by: -8) as StrideThrough<UInt64> {
      let byte = operation.payloadSeed >> shift & 0xFF
      if byte == 0 { break }
      low |= byte << shift
      high = low | (shift > 0 ? (1 << shift) - 1 : 0)
    }
    let first = Directory.firstPlace(in: leading) { $0 >= low }
    let end = high == .max ? leading.count : Directory.firstPlace(in: leading) { $0 > high }
    let after = operation.object < UInt64(ranks.count) ? Int(ranks[Int(operation.object)]) + 1 : 0
    let start = max(first, after)
    let limit = Int(operation.limit)
    if operation.container == .none {
      for rank in start..<max(min(end, start + limit), start) { reply.keys.append(UInt64(byName[rank])) }
      return
    }
    guard let members = joined[operation.container] else { return }
    var place = Directory.firstPlace(in: members) { Int($0) >= start }
    while place < members.count, Int(members[place]) < end, reply.keys.count < limit {
      reply.keys.append(UInt64(byName[Int(members[place])]))
      place += 1
    }
  }

  /// The first place of an ordered list where something holds, which then holds for all behind it.
  private static func firstPlace<Value>(in list: [Value], where holds: (Value) -> Bool) -> Int {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if holds(list[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension MemoryBackend {
  func readProfile(_ operation: Operation, _ reply: inout Reply) -> Outcome {
    guard let population, operation.object < UInt64(population.count) else { return .notFound }
    let member = MemberID(UInt32(operation.object))
    let number = Int(member.rawValue % UInt32(shardCount))
    reply.keys.append(UInt64(population.regionIndices[Int(member.rawValue)]))
    let store = stores[number]
    for kind in [ConnectionKind.follow, .friend] {
      reply.keys.append(UInt64(store.pointee.connections.read(member, kind.rawValue) { $0.count }))
    }
    reply.keys.append(UInt64(partitions[number].joinedCounts[member.rawValue] ?? 0))
    for entry in store.pointee.byAuthor.row(of: member.rawValue).items {
      let item = store.pointee.items[Int(entry.index)]
      guard !item.isDeleted, !item.flags.contains(.isPrivate) else { continue }
      reply.count += 1
      reply.sum += Int64(item.ratingSum)
    }
    return .ok
  }
}
