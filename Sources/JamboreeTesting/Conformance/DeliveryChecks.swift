import JamboreeKit

/// Inboxes and notifications.
extension BackendConformance {
  private static let viewers = (0..<6 as Range<UInt32>).map { MemberID($0) }

  private static func item(_ author: UInt32, _ sequence: UInt32) -> ItemID {
    ItemID(author: MemberID(author), sequence: sequence)
  }

  /// What everybody finds.
  private static func look(_ trial: Trial, limits: [UInt16] = [0, 1, 3, 2000]) throws {
    for viewer in viewers + [.firstAnonymous] {
      for limit in limits {
        try trial.read([Stage.inbox(by: viewer, limit: limit), Stage.notifications(by: viewer, limit: limit)])
      }
    }
  }

  static let deliveryChecks: [Check] = [
    Check(
      "inbox-order", "An inbox has each delivered item once, newest item first, whatever the order of delivery.",
      needs: [.publish, .deliver, .inbox]
    ) { trial in
      let times: [Int64] = [50, 10, 30, 30, 20]
      try trial.commit(times.enumerated().map { Stage.publish(MemberID(1), UInt32($0 + 1), in: Stage.forums[0], at: $1) })
      for (index, time) in times.enumerated() {
        // To several, to one twice, to one that nobody knows, and again in a later tick.
        let call = Stage.deliver(
          item(1, UInt32(index + 1)), to: [MemberID(0), MemberID(2), MemberID(2), MemberID(0xEFFF_FFFF)], by: MemberID(1),
          object: UInt64(time), at: 100 + Int64(index))
        try trial.write(call)
        if index % 2 == 1 { try trial.endTick() }
      }
      try trial.endTick()
      try look(trial)
      try trial.commit([Stage.deliver(item(1, 1), to: [MemberID(0)], by: MemberID(1), object: 50, at: 900)])
      try look(trial)
    },
    Check(
      "inbox-visibility", "What is deleted, private or was never there is left out of an inbox, and counts as unread.",
      needs: [.publish, .delete, .deliver, .inbox, .markRead]
    ) { trial in
      try trial.commit([
        Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1), Stage.publish(MemberID(1), 2, in: Stage.forums[0], at: 2),
        Stage.publish(MemberID(1), 3, in: Stage.forums[0], at: 3, flags: .isPrivate),
      ])
      try trial.commit((1...4).map {
        Stage.deliver(item(1, UInt32($0)), to: [MemberID(1), MemberID(2)], by: MemberID(1), object: UInt64($0), at: 10)
      })
      try look(trial)
      try trial.commit([Stage.delete(item(1, 2), by: MemberID(1))])
      try look(trial)
      // The fourth comes to be after it was delivered.
      try trial.commit([Stage.publish(MemberID(1), 4, in: Stage.forums[0], at: 4)])
      try look(trial)
    },
    Check(
      "notification-order", "Notifications go by the time of delivery, tell kind, cause and actor, and tie by their mix.",
      needs: [.publish, .deliver, .notifications]
    ) { trial in
      try trial.commit((1...3).map { Stage.publish(MemberID(3), $0, in: Stage.forums[1], at: Int64($0)) })
      for round in 0..<3 as Range<Int64> {
        for actor in 4..<8 as Range<UInt32> {
          for kind in [DeliveryKind.reply, .mention, .reaction, DeliveryKind(rawValue: 200)] {
            try trial.write(
              Stage.deliver(
                item(3, UInt32(round) + 1), to: [MemberID(3), MemberID(5)], by: MemberID(actor), kind,
                object: UInt64(actor % 2), at: 100 - round * 40))
          }
        }
        try trial.endTick()
      }
      try look(trial)
      // The same once more changes nothing.
      try trial.commit([
        Stage.deliver(item(3, 1), to: [MemberID(3)], by: MemberID(4), .reply, object: 0, at: 100)
      ])
      try look(trial)
    },
    Check(
      "unread-counts", "What was delivered after the latest mark is unread; an earlier mark changes nothing.",
      needs: [.publish, .deliver, .inbox, .notifications, .markRead]
    ) { trial in
      try trial.commit([Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1)])
      for step in 1...5 as ClosedRange<Int64> {
        try trial.commit([
          Stage.deliver(item(1, 1), to: [MemberID(2)], by: MemberID(1), object: UInt64(step), at: step * 10),
          Stage.deliver(item(1, 1), to: [MemberID(2)], by: MemberID(1), .reply, object: UInt64(step), at: step * 10),
        ])
      }
      try look(trial)
      let marks: [(Int64, DeliveryKind)] = [(20, .feed), (29, .reply), (10, .feed), (30, .mention), (1000, .feed), (0, .reply)]
      for (time, kind) in marks {
        try trial.commit([Stage.markRead(by: MemberID(2), until: time, kind)])
        try look(trial, limits: [1])
      }
      // Before anything was delivered, too.
      try trial.commit([Stage.markRead(by: MemberID(4), until: 500, .reply)])
      try trial.commit([
        Stage.deliver(item(1, 1), to: [MemberID(4)], by: MemberID(1), .reply, at: 400),
        Stage.deliver(item(1, 1), to: [MemberID(4)], by: MemberID(1), .reply, at: 600),
      ])
      try look(trial)
    },
    Check(
      "inbox-capacity", "An inbox and a member's notifications hold the newest \(inboxCapacity) entries.",
      needs: [.publish, .deliver, .inbox, .notifications]
    ) { trial in
      try trial.commit([Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 1)])
      // Newest first, so that what is late falls out at once; then older ones in between and newer ones.
      let count = Int64(inboxCapacity) + 40
      for start in stride(from: count, to: 0, by: -200) {
        for time in stride(from: start, to: max(start - 200, 0), by: -1) {
          for kind in [DeliveryKind.feed, .reply] {
            try trial.write(
              Stage.deliver(item(1, 1), to: [MemberID(2)], by: MemberID(1), kind, object: UInt64(time), at: time))
          }
        }
        try trial.endTick()
      }
      try look(trial, limits: [1, 2000])
      try trial.commit([
        Stage.deliver(item(1, 1), to: [MemberID(2)], by: MemberID(1), object: 0, at: 5),
        Stage.deliver(item(1, 1), to: [MemberID(2)], by: MemberID(1), object: UInt64(count + 1), at: 5),
        Stage.deliver(item(1, 1), to: [MemberID(2)], by: MemberID(1), .reply, object: 9, at: count + 1),
      ])
      try look(trial, limits: [1, 2000])
    },
  ]
}
