/// A part of the world with a clock of its own.
public struct Region: Sendable, Hashable {
  public let name: String
  /// Share of the members, relative to the other regions'.
  public let share: Double
  /// Local time minus UTC.
  public let utcOffsetMinutes: Int

  public init(name: String, share: Double, utcOffsetMinutes: Int) {
    self.name = name
    self.share = share
    self.utcOffsetMinutes = utcOffsetMinutes
  }
}

/// How much of a community's content a member makes (participation inequality, "90-9-1": Nielsen 2006).
@frozen public enum ParticipationRole: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  case lurker, contributor, leader
}

/// What ties a member to the company.
@frozen public enum Affiliation: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  case employee
  /// Family, clients, partners: in an event, not in the company.
  case guest
  /// Formerly an employee: looks in from outside.
  case alumnus
}

/// Everybody, one column a trait, indexed by ``MemberID``.
public final class Population: Sendable {
  public let regions: [Region]
  /// Index into ``regions``.
  public let regionIndices: [UInt8]
  public let roles: [ParticipationRole]
  public let affiliations: [Affiliation]
  /// Bit `t` is set when the member cares about topic `t` (0 ..< 64).
  public let interests: [UInt64]
  /// Who follows whom: `graph.neighbors(of: m)` are those whom `m` follows.
  public let graph: SocialGraph
  /// What the members' names are made from: see ``name(of:)``.
  public let nameSeed: UInt64

  public var count: Int { regionIndices.count }

  /// All columns have one entry a member.
  public init(
    regions: [Region], regionIndices: [UInt8], roles: [ParticipationRole], affiliations: [Affiliation],
    interests: [UInt64], graph: SocialGraph, nameSeed: UInt64 = 0
  ) {
    precondition(
      roles.count == regionIndices.count && affiliations.count == regionIndices.count
        && interests.count == regionIndices.count && graph.memberCount == regionIndices.count,
      "every column has one entry a member")
    self.regions = regions
    self.regionIndices = regionIndices
    self.roles = roles
    self.affiliations = affiliations
    self.interests = interests
    self.graph = graph
    self.nameSeed = nameSeed
  }

  /// A member's made-up name: given name, family name. Family names are drawn from a vocabulary by Zipf's law, so that
  /// some are common and many members share one, as in a real directory. One in six has an accent, which members with the
  /// same family name write in different ways.
  public func name(of member: MemberID) -> String {
    let (given, family) = nameParts(of: member)
    return given.capitalized + " " + family.capitalized
  }

  /// What a directory is sorted by, compared bytewise: see ``Collation``. Not unique.
  public func collationKey(of member: MemberID) -> [UInt8] {
    let (given, family) = nameParts(of: member)
    return Collation.key(family: family, given: given)
  }

  private func nameParts(of member: MemberID) -> (given: String, family: String) {
    let bits = mix64(nameSeed ^ mix64(UInt64(member.rawValue) &+ 0x6E61_6D65))
    // Words of at least two syllables.
    let given = Vocabulary.word(64 + Int(bits & 1023))
    let family = Vocabulary.word(64 + Vocabulary.zipfRank(bits: bits >> 10) % 60_000)
    return (given.accented(bits >> 36), family.accented(bits >> 48))
  }
}

extension String {
  fileprivate var capitalized: String { prefix(1).uppercased() + dropFirst() }

  /// With an accent on the first letter that takes one, for one number in six.
  fileprivate func accented(_ bits: UInt64) -> String {
    guard bits & 0xFF < 43 else { return self }
    for (index, letter) in zip(indices, self) {
      guard let accented = Self.accents.first(where: { $0.plain == letter })?.accented else { continue }
      let choice = accented[Int(bits >> 8 & 0xF) % accented.count]
      return self[..<index] + String(choice) + self[self.index(after: index)...]
    }
    return self
  }

  private static let accents: [(plain: Character, accented: [Character])] = [
    ("a", ["á", "à", "â", "ä", "ã", "å"]), ("e", ["é", "è", "ê", "ë"]), ("i", ["í", "ï"]), ("o", ["ó", "ö", "ô", "õ", "ø"]),
    ("u", ["ü", "ú", "û"]), ("n", ["ñ", "ń"]), ("s", ["š", "ś"]), ("z", ["ž", "ż"]), ("c", ["ç", "ć"]), ("l", ["ł"]),
  ]
}

/// A directed graph in compressed sparse rows: four bytes an edge, eight a member.
public struct SocialGraph: Sendable {
  /// `offsets[m] ..< offsets[m + 1]` are member m's places in `targets`; one entry more than there are members.
  public let offsets: [Int]
  /// Ascending within a member; no member is its own target, none comes twice.
  public let targets: [UInt32]

  public init(offsets: [Int], targets: [UInt32]) {
    precondition(offsets.last == targets.count, "the last offset is the number of edges")
    self.offsets = offsets
    self.targets = targets
  }

  /// Members without any edge.
  public init(memberCount: Int) {
    self.init(offsets: [Int](repeating: 0, count: memberCount + 1), targets: [])
  }

  public var memberCount: Int { offsets.count - 1 }
  public var edgeCount: Int { targets.count }
  public func degree(of member: MemberID) -> Int { offsets[Int(member.rawValue) + 1] - offsets[Int(member.rawValue)] }

  public func neighbors(of member: MemberID) -> ArraySlice<UInt32> {
    targets[offsets[Int(member.rawValue)]..<offsets[Int(member.rawValue) + 1]]
  }
}
