import JamboreeKit

/// What reads show.
extension BackendConformance {
  private static func item(_ author: UInt32, _ sequence: UInt32) -> ItemID {
    ItemID(author: MemberID(author), sequence: sequence)
  }

  static let readChecks: [Check] = [
    Check(
      "listing-order", "Listings are newest or most recently active first; equal times go by tie break, larger first.",
      needs: [.publish, .listing]
    ) { trial in
      let place = Stage.forums[2]
      // Eight at one time, from members in ascending order: only the tie break can order them.
      let tied = (0..<8).map { item($0, 1) }
      try trial.commit(
        tied.map { Stage.publish($0.author, 1, in: place, at: 100) }
          + [Stage.publish(MemberID(8), 1, in: place, at: 101), Stage.publish(MemberID(9), 1, in: place, at: 99)])
      let byTie = tied.sorted { $0.tieBreak > $1.tieBreak }
      let expected = [item(8, 1)] + byTie + [item(9, 1)]
      for order in ListingOrder.allCases {
        if let got = try trial.ids(Stage.listing(place, by: MemberID(1), order)) {
          try require(got == expected, "listing by \(order): expected \(expected.map(\.text)), got \(got.map(\.text))")
        }
      }
      // A reply moves the oldest to the front of the active ones, and nothing among the newest.
      try trial.commit([Stage.publish(MemberID(3), 2, answers: item(9, 1), at: 200)])
      let newest = try trial.ids(Stage.listing(place, by: MemberID(1), .newest))
      try require(newest == expected, "listing by newest after a reply: expected the order to stay")
      let active = try trial.ids(Stage.listing(place, by: MemberID(1), .active))
      try require(
        active == [item(9, 1)] + expected.dropLast(), "listing by active after a reply: expected \(item(9, 1).text) first")
      // A reply that is older than what it answers moves nothing.
      try trial.commit([Stage.publish(MemberID(3), 3, answers: byTie[7], at: 50)])
      try trial.read(Stage.everything(about: tied, by: MemberID(1), authors: [MemberID(3)]))
    },
    Check("paging", "Pages one after the other show each entry once, in the order of one large page.", needs: [.publish]) {
      trial in
      let place = Stage.forums[3]
      var calls: [Call] = []
      for number in 1...60 as ClosedRange<UInt32> {
        let flags: OperationFlags = number % 5 == 0 ? .isPrivate : []
        calls.append(Stage.publish(MemberID(number % 7), number, in: place, at: Int64(number / 4), flags: flags))
        calls.append(
          Stage.publish(MemberID(number % 6), 100 + number, answers: item(1, 1), at: Int64(number / 3), flags: flags))
      }
      try trial.commit(calls)
      for viewer in [MemberID(0), MemberID(1), .firstAnonymous] {
        for size in [1, 7, 16] as [UInt16] {
          for order in ListingOrder.allCases {
            let whole = try trial.ids(Stage.listing(place, by: viewer, order)) ?? []
            var pages: [ItemID] = []
            while let page = try trial.ids(Stage.listing(place, by: viewer, order, limit: size, skip: UInt64(pages.count))),
              !page.isEmpty
            {
              pages += page
            }
            try require(
              pages == whole,
              "listing in pages of \(size): expected \(whole.count) entries as on one page, got \(pages.count)")
          }
          let whole = try trial.ids(Stage.read(.thread, item(1, 1), by: viewer)) ?? []
          var pages: [ItemID] = []
          // The top is on every page: a page of one more shows `size` replies.
          while let page = try trial.ids(
            Stage.read(.thread, item(1, 1), by: viewer, limit: size + 1, skip: UInt64(pages.count))), page.count > 1
          {
            pages += page.dropFirst()
          }
          try require(
            pages == Array(whole.dropFirst()),
            "thread in pages of \(size): expected \(max(whole.count - 1, 0)) replies as on one page, got \(pages.count)")
        }
      }
    },
    Check(
      "private-items", "A private item is shown to its author alone, by every read, and can be changed by nobody else.",
      needs: [.publish]
    ) { trial in
      let author = MemberID(1)
      let (secret, open, secretReply, openReply) = (item(1, 1), item(2, 1), item(1, 2), item(3, 1))
      try trial.commit([
        Stage.publish(author, 1, in: Stage.forums[2], at: 1, flags: .isPrivate, further: [Stage.unnamed]),
        Stage.publish(MemberID(2), 1, in: Stage.forums[2], at: 2),
        Stage.publish(author, 2, answers: open, at: 3, flags: .isPrivate),
        Stage.publish(MemberID(3), 1, answers: secret, at: 4),
      ])
      let ids = [secret, open, secretReply, openReply]
      let authors = [author, MemberID(2), MemberID(3)]
      func look() throws {
        try trial.read(Stage.everything(about: ids, by: author, authors: authors))
        for viewer in [MemberID(2), MemberID(3), MemberID(0), .firstAnonymous, .platform] {
          for call in Stage.everything(about: ids, by: viewer, authors: authors) {
            let shown = try trial.ids(call) ?? []
            if let leak = shown.first(where: { $0 == secret || $0 == secretReply }) {
              throw ConformanceFailure("\(trial.place), \(call.text): expected no private item of another, got \(leak.text)")
            }
          }
        }
      }
      try look()
      for actor in [MemberID(2), author] {
        let writes = [secret, secretReply].flatMap {
          [Stage.edit($0, by: actor, expecting: 1), Stage.edit($0, by: actor, expecting: 9), Stage.react($0, by: actor, 5)]
        }
        try trial.commit(writes.filter { trial.claims($0.operation.verb) })
        try look()
      }
      for actor in [MemberID(2), author] where trial.claims(.delete) {
        try trial.commit([secretReply, secret].map { Stage.delete($0, by: actor) })
        try look()
      }
    },
    Check(
      "replies", "A reply is in the thread of what it answers and in no listing, whatever it answers.",
      needs: [.publish, .thread]
    ) { trial in
      let (top, reply, nested, lost) = (item(1, 1), item(2, 1), item(3, 1), item(4, 1))
      try trial.write([
        // Within one tick, the answer first: another member's writes may come in any order.
        Stage.publish(MemberID(2), 1, in: Stage.forums[0], answers: top, at: 20, further: [Stage.forums[1], Stage.unnamed]),
        Stage.publish(MemberID(3), 1, answers: reply, at: 30), Stage.publish(MemberID(1), 1, in: Stage.forums[0], at: 10),
        Stage.publish(MemberID(4), 1, in: Stage.forums[0], answers: item(9, 9), at: 40),
      ])
      try trial.endTick()
      let all = Stage.everything(about: [top, reply, nested, lost], by: MemberID(5), authors: (1...4).map { MemberID($0) })
      try trial.read(all)
      let thread = try trial.ids(Stage.read(.thread, top, by: MemberID(5)))
      try require(
        thread == [top, reply], "thread of an item with one direct reply: expected 2 rows, got \(thread?.count ?? 0)")
      // What changes in a reply's own thread shows in the row that the thread above has of it.
      try trial.commit([Stage.publish(MemberID(4), 2, answers: reply, at: 50)])
      try trial.read(all)
    },
    Check("further-containers", "An item is listed once in each container that it names.", needs: [.publish, .listing]) {
      trial in
      let (a, b) = (Stage.forums[2], Stage.forums[3])
      try trial.commit([
        Stage.publish(MemberID(1), 1, in: a, at: 1, further: [b, Stage.unnamed]),
        Stage.publish(MemberID(2), 1, in: a, at: 2, further: [a, b, b, .none]),
        Stage.publish(MemberID(3), 1, at: 3, further: [b]), Stage.publish(MemberID(4), 1, at: 4),
      ])
      let expected = [
        (a, [item(2, 1), item(1, 1)]), (b, [item(3, 1), item(2, 1), item(1, 1)]), (Stage.unnamed, [item(1, 1)]), (.none, []),
      ]
      for (container, ids) in expected {
        for order in ListingOrder.allCases {
          let got = try trial.ids(Stage.listing(container, by: MemberID(5), order)) ?? []
          try require(
            got == ids,
            "listing of container \(container.rawValue) by \(order): expected \(ids.map(\.text)), got \(got.map(\.text))")
        }
      }
      try trial.read([Stage.counts([a, b, a, Stage.unnamed, .none], by: MemberID(1)), Stage.counts([], by: MemberID(1))])
    },
    Check(
      "large-pages",
      "Pages of up to 1000 and more entries are whole, in both orders, after replies and deletions deep down.",
      needs: [.publish, .listing]
    ) { trial in
      let place = Stage.forums[2]
      for part in 0..<7 as Range<UInt32> {
        try trial.commit(
          (1...200).map { number in
            Stage.publish(MemberID(number % 16), part * 200 + number, in: place, at: Int64(part * 200 + number) / 3)
          })
      }
      var changes: [Call] = []
      for number in stride(from: 5, through: 1400, by: 13) as StrideThrough<UInt32> {
        let target = item(((number - 1) % 200 + 1) % 16, number)
        switch number % 3 {
        case 0: changes.append(Stage.publish(MemberID(1), 10_000 + number, answers: target, at: 400 + Int64(number % 90)))
        case 1: changes.append(Stage.delete(target, by: target.author))
        default: changes.append(Stage.react(target, by: MemberID(2), 4))
        }
      }
      try trial.commit(changes.filter { trial.claims($0.operation.verb) })
      for order in ListingOrder.allCases {
        for (limit, skip) in [(1000, 0), (1000, 1), (1000, 900), (999, 255), (300, 500), (1500, 0), (10, 1290), (.max, 0)]
          as [(UInt16, UInt64)]
        {
          try trial.read([Stage.listing(place, by: MemberID(1), order, limit: limit, skip: skip)])
        }
      }
      try trial.read([
        Stage.read(.scan, .none, by: MemberID(1)), Stage.recent((0..<16).map { MemberID($0) }, by: MemberID(1)),
        Stage.counts([place], by: MemberID(1)),
      ])
    },
    Check(
      "boundary-values", "Empty pages, empty and long texts, times at zero and below, equal times and the largest ids.",
      needs: [.publish]
    ) { trial in
      let place = Stage.forums[2]
      var calls: [Call] = []
      let lengths: [UInt32] = [0, 1, 7, 8, 9, 65_535, 65_536, 65_537, 1_000_000]
      for (index, length) in lengths.enumerated() {
        var call = Stage.publish(MemberID(1), UInt32(index) + 1, in: place, at: 0)
        call.operation.payloadLength = length
        calls.append(call)
      }
      calls.append(Stage.publish(MemberID(2), 1, in: place, at: -5))
      calls.append(Stage.publish(MemberID(2), 2, in: place, at: 1 << 61))
      var extreme = Stage.publish(
        .platform, .max, in: ContainerID(rawValue: .max), at: 1, flags: [.isNegative, .isBackground])
      extreme.operation.topic = .max
      calls.append(extreme)
      calls.append(Stage.publish(MemberID(0xEFFF_FFFF), .max, answers: extreme.operation.subject, at: 0))
      calls.append(Stage.publish(MemberID(3), 1, in: place, at: 0))
      calls.append(Stage.publish(MemberID(3), 1, in: place, at: 9))
      var none = Stage.publish(MemberID(0), 0, in: place, at: 0)
      calls.append(none)
      none.operation.subject = item(3, 2)
      none.operation.object = none.operation.subject.rawValue
      calls.append(none)
      try trial.commit(calls)
      let ids = calls.map(\.operation.subject)
      let authors = [MemberID(1), MemberID(2), MemberID(3), .platform, MemberID(0xEFFF_FFFF)]
      for viewer in [MemberID(1), .platform, .firstAnonymous] {
        try trial.read(Stage.everything(about: ids, by: viewer, authors: authors))
      }
      for container in [place, ContainerID(rawValue: .max), Stage.empty, ContainerID(rawValue: 0x1234_0000_0000_0001)] {
        for order in ListingOrder.allCases {
          for (limit, skip) in [(0, 0), (0, 3), (1, 0), (5, 10_000), (5, .max), (5, UInt64(Int64.max)), (.max, 11)]
            as [(UInt16, UInt64)]
          {
            try trial.read([Stage.listing(container, by: MemberID(1), order, limit: limit, skip: skip)])
          }
        }
      }
      for target in [extreme.operation.subject, item(1, 1), item(9, 9), .none] {
        for (limit, skip) in [(0, 0), (1, 0), (2, 0), (2, 1), (2, .max)] as [(UInt16, UInt64)] {
          try trial.read(
            [Verb.thread, .revisions, .item, .scan].map { Stage.read($0, target, by: MemberID(1), limit: limit, skip: skip) }
          )
        }
      }
      try trial.read([
        Stage.read(.scan, ItemID(rawValue: .max), by: MemberID(1)), Stage.recent([], by: MemberID(1)),
        Stage.recent(authors + authors, by: MemberID(1)),
        Stage.recent(authors, by: MemberID(1), limit: 0), Stage.recent([MemberID(12)], by: MemberID(1)),
      ])
    },
  ]
}
