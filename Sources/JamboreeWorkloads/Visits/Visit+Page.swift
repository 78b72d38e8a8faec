import JamboreeKit

extension Visit {
  /// Decides which items of a ranked page will be opened, and in which order: higher places more often, none twice.
  /// - Parameters:
  ///   - page: rows of the reply, best first.
  ///   - places: how likely each place is looked at; of as many as a page has at most.
  mutating func chooseTargets(
    from reply: borrowing Reply, _ page: borrowing Buffer<UInt16>, _ places: ZipfDistribution, _ stream: inout RandomStream
  ) {
    clearTargets()
    let length = min(page.count, places.cumulative.count)
    guard length > 0 else { return }
    var chosen = InlineArray<6, Int>(repeating: -1)
    var count = 0
    for _ in 0..<Visit.mostTargets {
      let place = places.rank(at: stream.nextUnit(), among: length)
      guard !(0..<count).contains(where: { chosen[$0] == place }) else { continue }
      chosen[count] = place
      count += 1
    }
    // What is added last is taken first: the first choice is the one that follows the distribution to the letter.
    for index in (0..<count).reversed() { addTarget(reply.items.id(at: Int(page[chosen[index]]))) }
  }
}
