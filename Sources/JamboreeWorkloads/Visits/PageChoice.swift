import JamboreeKit

/// What of a page is opened: higher places more often.
struct PageChoice: Sendable {
  let reading: PageReading
  private let places: ZipfDistribution

  init(_ reading: PageReading) {
    self.reading = reading
    places = ZipfDistribution(exponent: reading.positionBias, count: reading.pageLength)
  }

  /// A place of a page that shows so many items, at least 1; from 0.
  func place(among count: Int, _ stream: inout RandomStream) -> Int {
    places.rank(at: stream.nextUnit(), among: min(count, reading.pageLength))
  }

  /// Forgets what the visitor meant to open, and chooses up to `wanted` items of the page instead, none twice. Each is drawn by
  /// the weights of the places that are left, and what was drawn first is opened first.
  /// - Parameter page: rows of the reply that are shown, best first; empty where nothing is ranked, and all rows are shown.
  func chooseTargets(
    _ wanted: Int, from reply: borrowing Reply, _ page: borrowing Buffer<UInt16>, _ visit: inout Visit,
    _ stream: inout RandomStream
  ) {
    visit.clearTargets()
    let shown = min(page.isEmpty ? reply.items.count : page.count, reading.pageLength)
    var chosen = ChosenPlaces()
    for _ in 0..<min(wanted, shown, Visit.mostTargets) { chosen.append(next(among: shown, chosen, &stream)) }
    // What is added last is taken first.
    for index in (0..<chosen.count).reversed() {
      let place = chosen.inOrder[index]
      visit.addTarget(reply.items.id(at: page.isEmpty ? place : Int(page[place])))
    }
  }

  /// Another place, of which some must be left: a draw from the line of all weights, out of which those chosen are cut.
  private func next(among shown: Int, _ chosen: ChosenPlaces, _ stream: inout RandomStream) -> Int {
    func sum(before place: Int) -> Double { place > 0 ? places.cumulative[place - 1] : 0 }
    func weight(_ place: Int) -> Double { sum(before: place + 1) - sum(before: place) }
    let all = sum(before: shown)
    var left = all
    for index in 0..<chosen.count { left -= weight(chosen.ascending[index]) }
    var target = stream.nextUnit() * left
    for index in 0..<chosen.count where target > sum(before: chosen.ascending[index]) {
      target += weight(chosen.ascending[index])
    }
    var place = places.rank(at: target / all, among: shown)
    // Where the bias is so strong that weights are lost to rounding, the highest place that is left is as good as certain.
    while chosen.contains(place) { place = (place + 1) % shown }
    return place
  }
}

/// Places of a page that have been chosen, in the order of the choice and in that of the page.
private struct ChosenPlaces {
  private(set) var count = 0
  private(set) var inOrder = InlineArray<6, Int>(repeating: 0)
  private(set) var ascending = InlineArray<6, Int>(repeating: 0)

  mutating func append(_ place: Int) {
    inOrder[count] = place
    var index = count
    while index > 0, ascending[index - 1] > place {
      ascending[index] = ascending[index - 1]
      index -= 1
    }
    ascending[index] = place
    count += 1
  }

  func contains(_ place: Int) -> Bool {
    for index in 0..<count where inOrder[index] == place { return true }
    return false
  }
}
