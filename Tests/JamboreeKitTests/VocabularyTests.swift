import Glibc
import JamboreeKit
import Testing

@Suite struct VocabularyTests {
  @Test func noTwoWordsAreSpelledAlike() {
    let words = (0..<Vocabulary.count).map { Vocabulary.word($0) }
    #expect(Set(words).count == Vocabulary.count)
    #expect(words.allSatisfy { $0.allSatisfy { ("a"..."z").contains($0) } })
    #expect(words[0].count == 2 && words[63].count == 2 && words[64].count == 4 && words[4160].count == 6)
  }

  /// Zipf's law with exponent 1: octaves of ranks are equally likely (chi-square, 15 degrees of freedom, 0.1%: 37.7).
  @Test func wordsFollowZipfsLaw() {
    var stream = RandomStream(key: 5)
    var octaves = [Int](repeating: 0, count: 16)
    let draws = 160_000
    for _ in 0..<draws {
      let rank = Vocabulary.zipfRank(bits: stream.next())
      #expect(rank >= 0 && rank < Vocabulary.count)
      octaves[(rank + 1).bitWidth - 1 - (rank + 1).leadingZeroBitCount] += 1
    }
    let expected = Double(draws) / 16
    #expect(octaves.reduce(0.0) { $0 + pow(Double($1) - expected, 2) / expected } < 37.7)
  }

  @Test func aTextIsItsWordsAndFullStops() {
    for length in Array(0...60) + [100, 1000] {
      let text = String(decoding: Payload.bytes(seed: 77, length: length), as: UTF8.self)
      #expect(text.utf8.count == length)
      var words: [String] = []
      Payload.forEachWord(seed: 77, length: length) { words.append(Vocabulary.word($0)) }
      let found = text.split(separator: ".", omittingEmptySubsequences: true).joined().split(separator: " ").map(String.init)
      #expect(found == words)
      #expect(text == words.joined(separator: " ") + String(repeating: ".", count: length - words.joined(separator: " ").utf8.count))
      // Less than a word is missing.
      #expect(text.filter { $0 == "." }.count <= 6)
    }
  }

  /// What is summed piece by piece while it is made is the checksum of the whole, also where a piece ends.
  @Test func aFingerprintIsThatOfTheText() {
    for length in Array(0...1_100) + [Payload.textLimit - 1, Payload.textLimit] {
      for seed in [UInt64(length), 5] {
        let text = Payload.bytes(seed: seed, length: length)
        #expect(
          Payload.fingerprint(seed: seed, length: UInt32(length)) == Payload.fingerprint(of: text.span, length: UInt32(length)),
          "\(length) bytes of seed \(seed)")
      }
    }
  }

  @Test func textsCompressAsTextsDo() throws {
    let text = Payload.bytes(seed: 3, length: 20_000)
    var counts: [UInt8: Int] = [:]
    for byte in text { counts[byte, default: 0] += 1 }
    let entropy = counts.values.reduce(0.0) { $0 - Double($1) / 20_000 * log2(Double($1) / 20_000) }
    // English letters have about 4.1 bits; random bytes 8.
    #expect(entropy > 3 && entropy < 4.5)
  }

  @Test func longPayloadsAreKnownByTheirFirstBytes() {
    let limit = UInt32(Payload.textLimit)
    let long = Payload.fingerprint(seed: 9, length: limit * 3)
    #expect(long >> 32 == UInt64(limit) * 3)
    #expect(long & 0xFFFF_FFFF == Payload.fingerprint(seed: 9, length: limit) & 0xFFFF_FFFF)
    #expect(Payload.bytes(seed: 9, length: 10_000_000).count == Payload.textLimit)
  }
}

@Suite struct NameTests {
  private let population = Population(
    regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: 5000),
    roles: [ParticipationRole](repeating: .lurker, count: 5000),
    affiliations: [Affiliation](repeating: .employee, count: 5000), interests: [UInt64](repeating: 0, count: 5000),
    graph: SocialGraph(memberCount: 5000), nameSeed: 4)

  @Test func collationKeysAreTheNamesTurnedRound() {
    for member in 0..<100 as Range<UInt32> {
      let parts = population.name(of: MemberID(member)).split(separator: " ")
      #expect(parts.count == 2 && parts.allSatisfy { $0.first?.isUppercase == true })
      #expect(population.collationKey(of: MemberID(member)) == Collation.key(family: String(parts[1]), given: String(parts[0])))
    }
  }

  /// As in a real directory, some family names are common and most are rare.
  @Test func familyNamesAreShared() {
    var counts: [String: Int] = [:]
    for member in 0..<5000 as Range<UInt32> {
      counts[String(population.name(of: MemberID(member)).split(separator: " ")[1]), default: 0] += 1
    }
    #expect(counts.values.max() ?? 0 > 200)
    #expect(counts.values.filter { $0 == 1 }.count > 1000)
  }
}

@Suite struct OperationLogTests {
  /// Histories of several services become one, in order of time; what was made at one time stays in its order.
  @Test func isSortedByTime() {
    var log = OperationLog()
    for (index, time) in [5, -3, 5, 0, -3].enumerated() {
      let write = Operation(
        verb: .join, action: ActionID(UInt16(index)), actor: MemberID(0), intended: SimTime(nanoseconds: Int64(time)))
      log.append(write, arguments: [UInt64](repeating: UInt64(index), count: index))
    }
    var order: [UInt16] = []
    log.sortedByTime().forEach { write, arguments in
      order.append(write.action.rawValue)
      #expect(arguments.count == Int(write.action.rawValue))
      for place in 0..<arguments.count { #expect(arguments[place] == UInt64(write.action.rawValue)) }
    }
    #expect(order == [1, 4, 3, 0, 2])
  }

  @Test func logsKeepTheirArgumentsWhenTheyAreJoined() {
    func write(_ sequence: UInt32) -> Operation {
      var operation = Operation(verb: .publish, action: ActionID(0), actor: .platform, intended: .zero)
      operation.subject = ItemID(author: .platform, service: 3, sequence: sequence)
      return operation
    }
    var first = OperationLog([write(1)])
    first.append(write(2), arguments: [7, 8])
    var second = OperationLog()
    second.append(write(3), arguments: [9])
    second.append(first)
    var seen: [[UInt64]] = []
    second.forEach { operation, arguments in
      seen.append([UInt64(operation.subject.sequence)] + (0..<arguments.count).map { arguments[$0] })
    }
    #expect(seen == [[3, 9], [1], [2, 7, 8]])
    #expect(ItemID(author: .platform, service: 3, sequence: 5).service == 3)
    // Services do not get into each other's way.
    #expect(ItemID(author: MemberID(1), service: 1, sequence: 5) != ItemID(author: MemberID(1), service: 2, sequence: 5))
  }

  /// Anybody may change the platform's items: they belong to many owners.
  @Test func platformItemsAreSpread() {
    let partitions = (1...6400 as ClosedRange<UInt32>).map { ItemID(author: .platform, sequence: $0).ownerKey % 64 }
    let counts = Dictionary(grouping: partitions) { $0 }.mapValues(\.count)
    #expect(counts.count == 64 && counts.values.allSatisfy { (60...150).contains($0) })
    #expect(ItemID(author: MemberID(70), sequence: 3).ownerKey == 70)
  }

  /// What is shown and kept of an address has no password.
  @Test(arguments: [
    ("//ann:se/cret@db.example:5432/jam", "//ann@db.example:5432/jam"), ("//ann:secret@db:5432/jam", "//ann@db:5432/jam"),
    ("//ann:a:b@c@db/jam?x=y", "//ann@db/jam?x=y"), ("//db:5432/jam", "//db:5432/jam"), ("/tmp/a:b@c", "/tmp/a:b@c"),
    ("postgres://:only@/jam", "postgres://@/jam"), ("", ""), ("//", "//"),
    ("postgres://ann:a?b@c/d@[::1]:5432/jam", "postgres://ann@[::1]:5432/jam"), ("//ann:pw@\u{301}db/jam", "//ann@\u{301}db/jam"),
    ("postgres://ann@db,[::1]:5432/jam?schema=s", "postgres://ann@db,[::1]:5432/jam?schema=s"),
    ("postgres://[::1]:5432,db:1/jam?schema=s", "postgres://[::1]:5432,db:1/jam?schema=s"),
    // The slashes, or the host, are forgotten.
    ("postgres:ann:se//cret@db/jam?schema=s", "postgres:ann@db/jam?schema=s"), ("postgres://ann:se/cret?schema=s", "postgres://ann?schema=s"),
    // In the query; an '&' may be a part of it.
    ("postgres://db/jam?schema=s&password=X&y", "postgres://db/jam?schema=s"), ("postgres://ann:a@db/jam?pass%77ord=X%26", "postgres://ann@db/jam"),
    ("postgres?SSLPassword=X&y=z", "postgres"), ("postgres://db:1/jam?password=a@b", "postgres://db"), ("//ann:1?password=2@db", "//ann"),
    // In words.
    ("postgres:host=db password='a b\\'c' user=ann", "postgres:host=db"), ("postgres:password = X host=db", "postgres:"),
    // No password.
    ("sqlite:/tmp/a@b.db?synchronous=off", "sqlite:/tmp/a@b.db?synchronous=off"), ("hot?gravity=1.8", "hot?gravity=1.8"),
    ("sqlite:password.db", "sqlite:password.db"), ("postgres://db/password?schema=secret", "postgres://db/password?schema=secret"),
  ])
  func addressesAreShownWithoutPassword(_ address: String, _ shown: String) throws {
    #expect(withoutPassword(address) == shown)
    if case .success(let reference) = Result(catching: { try PlugInReference(address) }), shown.contains(":") {
      #expect(reference.publicLocation.isEmpty || shown.contains(reference.publicLocation))
    }
  }

  /// A complaint of what is behind an '&' does not show the rest of a password.
  @Test(arguments: ["postgres://db/jam?password=ab&XYZ", "postgres://ann:ab/c@db/jam?password=ab&XYZ", "postgres:ann:ab?XYZ@db"])
  func complaintsShowNoPassword(_ address: String) throws {
    let error = #expect(throws: PlugInError.self) { try PlugInReference(address) }
    #expect(error?.message.contains("postgres") == true && error?.message.contains("ab") == false && error?.message.contains("XYZ") == false)
  }
}
