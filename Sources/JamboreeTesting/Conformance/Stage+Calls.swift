import JamboreeKit

/// Calls about members: what is handed to them, their names, what they have written.
extension Stage {
  static func deliver(
    _ item: ItemID, to recipients: [MemberID], by actor: MemberID, _ kind: DeliveryKind = .feed, object: UInt64 = 0,
    at time: Int64
  ) -> Call {
    var call = operation(.deliver, by: actor, at: time)
    call.subject = item
    call.kind = kind.rawValue
    call.object = object
    return Call(call, recipients.map { UInt64($0.rawValue) })
  }

  static func markRead(by member: MemberID, until time: Int64, _ kind: DeliveryKind) -> Call {
    var call = operation(.markRead, by: member)
    call.kind = kind.rawValue
    call.object = UInt64(bitPattern: time)
    return Call(call)
  }

  static func inbox(by viewer: MemberID, limit: UInt16 = 2000) -> Call {
    var call = operation(.inbox, by: viewer)
    call.limit = limit
    return Call(call)
  }

  static func notifications(by viewer: MemberID, limit: UInt16 = 2000) -> Call {
    var call = operation(.notifications, by: viewer)
    call.limit = limit
    return Call(call)
  }

  static func join(_ container: ContainerID, by member: MemberID) -> Call {
    var call = operation(.join, by: member)
    call.container = container
    return Call(call)
  }

  /// - Parameters:
  ///   - member: nil for a page from the start.
  ///   - prefix: at most eight bytes count.
  static func directory(
    _ container: ContainerID, after member: MemberID? = nil, prefix: String = "", by viewer: MemberID, limit: UInt16 = 2000
  ) -> Call {
    var call = operation(.directory, by: viewer)
    call.container = container
    call.object = member.map { UInt64($0.rawValue) } ?? .max
    for (index, byte) in prefix.utf8.prefix(8).enumerated() { call.payloadSeed |= UInt64(byte) << UInt64(56 - 8 * index) }
    call.limit = limit
    return Call(call)
  }

  static func profile(_ member: MemberID, by viewer: MemberID) -> Call {
    var call = operation(.profile, by: viewer)
    call.object = UInt64(member.rawValue)
    return Call(call)
  }

  static func search(_ word: Int, by viewer: MemberID, limit: UInt16 = 1000) -> Call {
    var call = operation(.search, by: viewer)
    call.payloadSeed = UInt64(word)
    call.limit = limit
    return Call(call)
  }

  /// Everything that can be asked, by one viewer: all of every place, and each of the given items in every way.
  static func everything(about items: [ItemID], by viewer: MemberID, authors: [MemberID]) -> [Call] {
    var calls: [Call] = []
    for container in forums + [empty, unnamed] {
      for order in ListingOrder.allCases { calls.append(listing(container, by: viewer, order)) }
      calls.append(counts([container], by: viewer))
    }
    calls.append(counts(forums, by: viewer))
    calls.append(recent(authors, by: viewer))
    calls += [inbox(by: viewer), notifications(by: viewer), directory(.none, by: viewer), search(0, by: viewer)]
    for author in authors { calls.append(profile(author, by: viewer)) }
    calls.append(read(.scan, .none, by: viewer))
    for item in items {
      for verb in [Verb.item, .thread, .revisions] { calls.append(read(verb, item, by: viewer)) }
    }
    return calls
  }
}
