import JamboreeKit

/// A write, or a group of writes, that waits for the write phase.
struct PendingWrite: BitwiseCopyable, Sendable {
  /// The write, or the group's first.
  var operation: Operation
  /// Time that the action's reads and rankings took before it.
  var serviceNanoseconds: UInt64
  /// Service (high 8 bits) and agent (low 24).
  var agent: UInt32
  // Where the rest is, in the baggage of the shard that made it.
  var argumentStart: UInt32
  var argumentCount: UInt32
  var noticeStart: UInt32
  var groupStart: UInt32
  var shard: UInt16
  var noticeCount: UInt16
  /// Writes of the group; 1 for a single write.
  var count: UInt16
  var hasOneOwner: Bool
}

/// An action's writes that did not all end well: word to its agent.
struct WriteFailure: BitwiseCopyable, Sendable {
  var agent: UInt32
  var outcome: Outcome
}

/// The writes of one action that belong together.
struct WriteGroup {
  /// Never empty.
  var operations: [Operation]
  var argumentStarts: [UInt32]
  var arguments: [UInt64]
}

/// The parts of a shard's writes of a tick that have no fixed size.
struct WriteBaggage: ~Copyable {
  private(set) var arguments = Buffer<UInt64>()
  private(set) var notices = Buffer<Notice>()
  /// All writes of groups of several.
  private var grouped = Buffer<GroupedWrite>()
  /// Groups whose writes belong to several owners: they are performed by one worker, after all others.
  var sharedGroups = Buffer<PendingWrite>()

  private struct GroupedWrite: BitwiseCopyable {
    var operation: Operation
    var argumentStart: UInt32
    var argumentEnd: UInt32
  }

  mutating func removeAll() {
    if !arguments.isEmpty { arguments.removeAll() }
    if !notices.isEmpty { notices.removeAll() }
    if !grouped.isEmpty { grouped.removeAll() }
    if !sharedGroups.isEmpty { sharedGroups.removeAll() }
  }

  /// Takes an action's writes and notices out of the context.
  mutating func take(
    _ context: inout AgentContext, agent: UInt32, serviceNanoseconds: UInt64, shard: Int
  ) -> PendingWrite {
    let count = context.writes.count
    let first = context.writes[0]
    let argumentBase = arguments.count
    let argumentCount = context.writeArguments.count
    if argumentCount > 0 { arguments.append(context.writeArguments) }
    let noticeStart = notices.count
    let noticeCount = context.notices.count
    if noticeCount > 0 {
      precondition(noticeCount <= UInt16.max, "an action gives at most 65,535 notices")
      notices.append(context.notices)
      context.notices.removeAll()
    }
    let groupStart = grouped.count
    var hasOneOwner = true
    if count > 1 {
      precondition(count <= UInt16.max, "an action makes at most 65,535 writes")
      for position in 0..<count {
        let operation = context.writes[position]
        if operation.ownerKey != first.ownerKey { hasOneOwner = false }
        let end = position + 1 < count ? Int(context.writeArgumentStarts[position + 1]) : argumentCount
        grouped.append(
          GroupedWrite(
            operation: operation, argumentStart: UInt32(argumentBase) + context.writeArgumentStarts[position],
            argumentEnd: UInt32(argumentBase + end)))
      }
    }
    context.clearWrites()
    return PendingWrite(
      operation: first, serviceNanoseconds: serviceNanoseconds, agent: agent, argumentStart: UInt32(argumentBase),
      argumentCount: UInt32(argumentCount), noticeStart: UInt32(noticeStart), groupStart: UInt32(groupStart),
      shard: UInt16(shard), noticeCount: UInt16(noticeCount), count: UInt16(count), hasOneOwner: hasOneOwner)
  }

  /// The arguments of a single write.
  @_lifetime(borrow self)
  func arguments(of write: PendingWrite) -> Span<UInt64> {
    let start = Int(write.argumentStart)
    return _overrideLifetime(arguments.span.extracting(start..<(start + Int(write.argumentCount))), borrowing: self)
  }

  /// Shows the writes of a group.
  func forEachWrite(of write: PendingWrite, _ body: (Operation) -> Void) {
    for position in Int(write.groupStart)..<(Int(write.groupStart) + Int(write.count)) { body(grouped[position].operation) }
  }

  /// The writes of a group with their arguments.
  func group(of write: PendingWrite) -> WriteGroup {
    var group = WriteGroup(operations: [], argumentStarts: [0], arguments: [])
    for position in Int(write.groupStart)..<(Int(write.groupStart) + Int(write.count)) {
      let member = grouped[position]
      group.operations.append(member.operation)
      for index in Int(member.argumentStart)..<Int(member.argumentEnd) { group.arguments.append(arguments[index]) }
      group.argumentStarts.append(UInt32(group.arguments.count))
    }
    return group
  }
}

/// Writes in the order in which they are performed: by intended time; members who meant the same time by a mix of their
/// numbers and the seed, so that nobody is favoured; one member's own as it made them.
struct WriteQueue: ~Copyable {
  private var writes = Buffer<PendingWrite>()
  private var places: [Place] = []

  private struct Place {
    let time: Int64
    let tie: UInt64
    let position: Int

    static func < (a: Place, b: Place) -> Bool {
      a.time != b.time ? a.time < b.time : a.tie != b.tie ? a.tie < b.tie : a.position < b.position
    }
  }

  var count: Int { writes.count }

  mutating func removeAll() { writes.removeAll() }

  @inline(__always) mutating func append(_ write: PendingWrite) { writes.append(write) }

  /// Puts the writes in their order; what was appended first counts as made first.
  mutating func sort(salt: UInt64) {
    places.removeAll(keepingCapacity: true)
    for position in 0..<writes.count {
      let operation = writes[position].operation
      places.append(
        Place(
          time: operation.intended.nanoseconds, tie: mix64(UInt64(operation.actor.rawValue) ^ salt), position: position))
    }
    if places.count > 1 { places.sort { $0 < $1 } }
  }

  /// A write by its place in the order; `place` in `0 ..< count`.
  @inline(__always) subscript(place: Int) -> PendingWrite { writes[places[place].position] }
}
