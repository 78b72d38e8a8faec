import Foundation
import JamboreeKit
import Testing

@Suite struct CollationTests {
  private func key(_ family: String, _ given: String = "Ana") -> [UInt8] { Collation.key(family: family, given: given) }
  private func isOrdered(_ names: [String]) -> Bool {
    zip(names, names.dropFirst()).allSatisfy { key($0).lexicographicallyPrecedes(key($1)) }
  }

  /// Accents decide only between names that are equal but for them, and case never.
  @Test func namesComeAsAPersonExpects() {
    #expect(isOrdered(["Muller", "Müller", "Mullers", "Müllers", "Mundt"]))
    #expect(isOrdered(["Oberg", "Öberg", "Ødegård", "Ogden", "Zander", "Žukov"]))
    #expect(isOrdered(["Lamb", "Łaska", "Lauer"]))
    #expect(isOrdered(["Sos", "Soß", "Sota"]) && isOrdered(["Ader", "Æder", "Afzal"]))
    #expect(key("MÜLLER") == key("müller") && key("de Vries") == key("De Vries"))
    // The given name decides between bearers of one family name, before any accent does.
    #expect(key("Müller", "Ana").lexicographicallyPrecedes(key("Muller", "Berta")))
    #expect(key("Muller", "Zoe").lexicographicallyPrecedes(key("Mullera", "Ana")))
  }

  /// What is looked up by its first letters is found however it is accented.
  @Test func aPrefixFindsAllSpellings() {
    for name in ["Müller", "muller", "MULLER"] { #expect(key(name).starts(with: Collation.letters(of: "Mül"))) }
    #expect(Collation.letters(of: "Straße") == Array("strasse".utf8))
    #expect(Collation.letters(of: "Ångström") == Array("angstrom".utf8))
    // An accent may be a character of its own behind its letter.
    #expect(Collation.letters(of: "A\u{30A}ngstro\u{308}m") == Array("angstrom".utf8))
    #expect(Collation.letters(of: "Ямада") == Array("ямада".utf8))
    #expect(!key("Müller").dropLast().contains(0))
  }

  /// Every letter of the two blocks that Unicode takes apart has the base letter that it has there.
  @Test func lettersAreThoseOfUnicode() {
    var compared = 0
    for value in 0xC0...0x17F {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let parts = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
      guard parts.count > 1, let base = parts.first else { continue }
      #expect(Collation.letters(of: String(scalar)) == Array(String(base).lowercased().utf8), "\(scalar)")
      compared += 1
    }
    #expect(compared > 150)
  }

  /// The order of generated names is that of a library which follows Unicode's collation algorithm.
  @Test func theOrderIsThatOfTheLibrary() {
    let population = Population(
      regions: [Region(name: "all", share: 1, utcOffsetMinutes: 0)], regionIndices: [UInt8](repeating: 0, count: 3_000),
      roles: [ParticipationRole](repeating: .lurker, count: 3_000), affiliations: [Affiliation](repeating: .employee, count: 3_000),
      interests: [UInt64](repeating: 0, count: 3_000), graph: SocialGraph(memberCount: 3_000), nameSeed: 4)
    let everybody = (0..<3_000).map { MemberID(UInt32($0)) }
    func turned(_ member: MemberID) -> String {
      let parts = population.name(of: member).split(separator: " ")
      return "\(parts[1]) \(parts[0])"
    }
    #expect(everybody.count { turned($0).unicodeScalars.contains { $0.value > 0x7F } } > 500)
    let sorted = everybody.sorted { population.collationKey(of: $0).lexicographicallyPrecedes(population.collationKey(of: $1)) }
    let english = Locale(identifier: "en")
    for (a, b) in zip(sorted, sorted.dropFirst()) {
      let (first, second) = (turned(a), turned(b))
      let letters = { (name: String) in Collation.letters(of: name) }
      // Among the same letters, which of two different accents comes first is no matter to a reader.
      guard letters(first) != letters(second) else { continue }
      #expect(first.compare(second, options: [.diacriticInsensitive, .caseInsensitive], range: nil, locale: english) != .orderedDescending || first.contains("ø") || second.contains("ø") || first.contains("ł") || second.contains("ł"), "\(first) before \(second)")
    }
  }
}
