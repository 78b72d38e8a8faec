import ArgumentParser

/// Seeds as a user names them: `1..10`, or `1,2,5`.
struct SeedList {
  static let most = 1_000
  let seeds: [UInt64]

  private init(_ seeds: [UInt64]) { self.seeds = seeds }

  static let read: @Sendable (String) throws -> SeedList = { text in
    let wrong = ValidationError("expected seeds such as 1..10 or 1,2,5: whole numbers from 0 to \(UInt64.max), \(most) at most, none twice")
    if let dots = text.range(ofDots: 2) {
      guard let first = UInt64(text[..<dots.lowerBound]), let last = UInt64(text[dots.upperBound...]), first <= last,
        last - first < UInt64(most)
      else { throw wrong }
      return SeedList(Array(first...last))
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { UInt64($0) }
    let seeds = parts.compactMap { $0 }
    guard seeds.count == parts.count, !seeds.isEmpty, seeds.count <= most, Set(seeds).count == seeds.count else { throw wrong }
    return SeedList(seeds)
  }
}

extension String {
  /// Where so many dots in a row stand first.
  fileprivate func range(ofDots count: Int) -> Range<Index>? {
    guard let start = firstIndex(of: "."), let end = index(start, offsetBy: count, limitedBy: endIndex) else { return nil }
    return self[start..<end] == String(repeating: ".", count: count) ? start..<end : nil
  }
}
