import JamboreeKit

/// The statements that an operation is made of, sent one after the other.
struct RequestWriter: ~Copyable {
  private var parameters = Parameters()
  /// Whether there is an index of words to keep up.
  let indexesWords: Bool

  init(indexesWords: Bool) { self.indexesWords = indexesWords }

  /// Calls `send` for each statement of an operation.
  /// - Parameter inGroup: what does not end well ends the transaction.
  mutating func write(
    _ operation: Operation, arguments: Span<UInt64>, inGroup: Bool, _ send: (Statement, borrowing Parameters) -> Void
  ) {
    if operation.verb.isWrite {
      write(write: operation, arguments, inGroup, send)
    } else {
      write(read: operation, arguments, inGroup, send)
    }
  }

  private mutating func write(
    write operation: Operation, _ arguments: Span<UInt64>, _ inGroup: Bool, _ send: (Statement, borrowing Parameters) -> Void
  ) {
    parameters.removeAll()
    switch operation.verb {
    case .publish:
      let id = operation.subject
      parameters.add(id.rawValue)
      parameters.add(id.author.rawValue)
      parameters.add(operation.object)
      parameters.add(operation.intended.nanoseconds)
      parameters.add(id.tieKey)
      parameters.add(StoredForm.readerKey(id, operation.flags))
      parameters.add(Payload.fingerprint(seed: operation.payloadSeed, length: operation.payloadLength))
      parameters.add(StoredForm.traits(of: operation))
      let words = addText(operation)
      parameters.add(array: containers(operation, arguments))
      parameters.add(texts: words)
      send(inGroup ? .demandPublish : .publish, parameters)
    case .edit:
      parameters.add(operation.subject.rawValue)
      parameters.add(operation.actor.rawValue)
      parameters.add(operation.expectedVersion)
      parameters.add(Payload.fingerprint(seed: operation.payloadSeed, length: operation.payloadLength))
      let words = addText(operation)
      parameters.add(texts: words)
      send(inGroup ? .demandEdit : .edit, parameters)
    case .delete:
      parameters.add(operation.subject.rawValue)
      parameters.add(operation.actor.rawValue)
      send(inGroup ? .demandRemove : .remove, parameters)
    case .react:
      parameters.add(operation.subject.rawValue)
      parameters.add(operation.actor.rawValue)
      parameters.add(operation.kind)
      parameters.add(Int64(operation.value))
      parameters.add(ReactionKind(rawValue: operation.kind).accepts(operation.value) ? 1 as Int64 : 0)
      send(inGroup ? .demandReact : .react, parameters)
    case .connect, .disconnect:
      parameters.add(operation.actor.rawValue)
      parameters.add(operation.kind)
      parameters.add(UInt32(truncatingIfNeeded: operation.object))
      send(operation.verb == .connect ? .connect : .disconnect, parameters)
    case .join:
      parameters.add(operation.container.rawValue)
      parameters.add(operation.actor.rawValue)
      send(.join, parameters)
    case .markRead:
      parameters.add(operation.actor.rawValue)
      parameters.add(operation.object)
      send(operation.kind == DeliveryKind.feed.rawValue ? .markInbox : .markNotifications, parameters)
    case .deliver: deliver(operation, arguments, send)
    default: break
    }
  }

  private mutating func deliver(_ operation: Operation, _ arguments: Span<UInt64>, _ send: (Statement, borrowing Parameters) -> Void) {
    let isFeed = operation.kind == DeliveryKind.feed.rawValue
    var recipients: [UInt64] = []
    var full: [UInt64] = []
    for index in 0..<arguments.count {
      let recipient = arguments[index] & 0xFFFF_FFFF
      recipients.append(recipient)
      // What nobody can see any more goes now and then: to look for it each time would cost more than it frees.
      if mix64(operation.subject.rawValue ^ recipient) & 63 == 0 { full.append(recipient) }
    }
    // In one order, so that two deliveries never wait for each other.
    recipients.sort()
    full.sort()
    parameters.add(array: recipients)
    if isFeed {
      parameters.add(operation.object)
      parameters.add(operation.subject.tieKey)
      parameters.add(operation.subject.rawValue)
      parameters.add(operation.intended.nanoseconds)
    } else {
      let tie = deliveryTieBreak(
        subject: operation.subject, object: operation.object, kind: operation.kind, actor: operation.actor)
      parameters.add(operation.intended.nanoseconds)
      parameters.add(tie ^ (1 << 63))
      parameters.add(operation.subject.rawValue)
      parameters.add(operation.object)
      parameters.add(operation.kind)
      parameters.add(operation.actor.rawValue)
    }
    send(isFeed ? .deliverFeed : .deliverNotice, parameters)
    guard !full.isEmpty else { return }
    parameters.removeAll()
    parameters.add(array: full)
    send(isFeed ? .trimInbox : .trimNotifications, parameters)
  }

  /// Adds the text; returns its words, if they are indexed.
  private mutating func addText(_ operation: Operation) -> [ArraySlice<UInt8>] {
    parameters.add(count: min(Int(operation.payloadLength), Payload.textLimit)) { span in
      Payload.write(seed: operation.payloadSeed, into: &span)
    }
    guard indexesWords else { return [] }
    let text = parameters.last
    return text.prefix(Payload.searchedLength(of: text)).split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ".") }
  }

  /// Where a new item is listed: nowhere, if it answers another.
  private func containers(_ operation: Operation, _ arguments: Span<UInt64>) -> [UInt64] {
    guard operation.object == 0 else { return [] }
    var containers: [UInt64] = []
    if operation.container != .none { containers.append(operation.container.rawValue) }
    for index in 0..<arguments.count where arguments[index] != 0 && !containers.contains(arguments[index]) {
      containers.append(arguments[index])
    }
    return containers
  }

  private mutating func write(
    read operation: Operation, _ arguments: Span<UInt64>, _ inGroup: Bool, _ send: (Statement, borrowing Parameters) -> Void
  ) {
    let wantsText = operation.flags.contains(.wantsText)
    let viewer = StoredForm.viewerKey(operation.actor)
    func pick(_ plain: Statement, _ withText: Statement) -> Statement { wantsText ? withText : plain }
    func begin(_ first: Int64) {
      parameters.removeAll()
      parameters.add(first)
    }
    func begin(_ first: Int64, _ second: Int64) {
      begin(first)
      parameters.add(second)
    }
    func begin(_ first: Int64, _ second: Int64, _ third: Int64) {
      begin(first, second)
      parameters.add(third)
    }
    let subject = Int64(bitPattern: operation.subject.rawValue)
    let (limit, skip) = (Int64(operation.limit), Int64(clamping: operation.object))
    if inGroup, operation.verb == .item || operation.verb == .thread || operation.verb == .revisions {
      begin(viewer, subject, operation.verb == .item ? Int64(operation.expectedVersion) : 0)
      send(.demandItem, parameters)
    }
    switch operation.verb {
    case .item:
      begin(viewer, subject)
      send(pick(.item, .itemWithText), parameters)
    case .thread, .revisions:
      begin(viewer, subject)
      send(limit == 0 ? .existence : pick(.item, .itemWithText), parameters)
      guard limit > 1 else { return }
      if operation.verb == .thread {
        begin(viewer, subject, limit - 1)
        parameters.add(skip)
        send(pick(.replies, .repliesWithText), parameters)
      } else {
        begin(viewer, subject, limit - 1)
        send(pick(.revisions, .revisionsWithText), parameters)
      }
    case .listing:
      begin(viewer, Int64(bitPattern: operation.container.rawValue), limit)
      parameters.add(skip)
      send(operation.order == .newest ? pick(.newest, .newestWithText) : pick(.active, .activeWithText), parameters)
    case .recentByAuthors:
      begin(viewer)
      parameters.add(array: arguments)
      parameters.add(limit)
      send(pick(.recent, .recentWithText), parameters)
    case .counts:
      parameters.removeAll()
      parameters.add(array: arguments)
      send(.counts, parameters)
    case .scan:
      begin(viewer, subject, limit)
      send(pick(.scan, .scanWithText), parameters)
    case .search:
      let known = operation.payloadSeed < UInt64(Vocabulary.count)
      begin(viewer)
      parameters.add(bytes: known ? Array(Vocabulary.word(Int(operation.payloadSeed)).utf8) : [])
      parameters.add(limit)
      send(pick(.search, .searchWithText), parameters)
    case .connections:
      begin(Int64(bitPattern: operation.object), Int64(operation.kind), limit)
      send(.connections, parameters)
    case .profile:
      begin(Int64(bitPattern: operation.object))
      send(.profile, parameters)
    case .inbox, .notifications:
      let isInbox = operation.verb == .inbox
      begin(Int64(operation.actor.rawValue))
      send(isInbox ? .inboxCount : .notificationCount, parameters)
      begin(viewer, Int64(operation.actor.rawValue), limit)
      send(isInbox ? pick(.inbox, .inboxWithText) : pick(.notifications, .notificationsWithText), parameters)
    case .directory: directory(operation, send)
    default: break
    }
  }

  private mutating func directory(_ operation: Operation, _ send: (Statement, borrowing Parameters) -> Void) {
    var prefix = withUnsafeBytes(of: operation.payloadSeed.bigEndian) { Array($0) }
    if let end = prefix.firstIndex(of: 0) { prefix.removeSubrange(end...) }
    parameters.removeAll()
    parameters.add(operation.object < UInt64(UInt32.max) ? Int64(operation.object) : -1)
    parameters.add(bytes: prefix)
    // Whoever has joined without being in the population has an empty key, and is in no directory.
    parameters.add(bytes: prefix.isEmpty ? [0] : prefix)
    // Keys are shorter than the last bound, and none is as large.
    parameters.add(bytes: prefix + [UInt8](repeating: 0xFF, count: 9))
    parameters.add(Int64(operation.limit))
    if operation.container == .none { return send(.directory, parameters) }
    parameters.add(operation.container.rawValue)
    send(.directoryOfContainer, parameters)
  }
}
