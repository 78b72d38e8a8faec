import JamboreeKit

/// How often each item was among the candidates and on the page, as far as pages were judged: for whom the crowd gets to see.
///
/// Bounded: when it is full it keeps the items of about half of the authors, and from then on takes only such; so whatever order
/// pages come in, tables of the same pages hold the same items, and an author has all of his or none.
struct ExposureTable {
  struct Exposure: BitwiseCopyable {
    var item: ItemID
    var created: Int64
    /// Virtual time at which it was first on a judged page; `.max`: never.
    var firstShown = Int64.max
    var shown: UInt32 = 0
    /// Whether it is among the best by quality alone.
    var isGood: Bool
  }

  /// Items of one table; each shard has one, of 80 bytes an item.
  static let capacity = 8_192

  private var places: [UInt64: Int] = [:]
  private(set) var exposures: [Exposure] = []
  /// Authors whose mix has one of these bits are left out.
  private(set) var mask: UInt64 = 0

  /// What the platform has made belongs to nobody: each item stands for itself.
  @inline(__always) static func isTaken(_ item: ItemID, mask: UInt64) -> Bool {
    let owner = item.author == .platform ? item.rawValue : UInt64(item.author.rawValue)
    return mix64(owner ^ 0x6578_706F) & mask == 0
  }

  /// Takes note of a candidate.
  /// - Parameter isGood: asked once an item.
  mutating func note(_ item: ItemID, created: SimTime, isGood: (ItemID) -> Bool) {
    guard Self.isTaken(item, mask: mask), places[item.rawValue] == nil else { return }
    if exposures.count == Self.capacity { halve() }
    guard Self.isTaken(item, mask: mask) else { return }
    places[item.rawValue] = exposures.count
    exposures.append(Exposure(item: item, created: created.nanoseconds, isGood: isGood(item)))
  }

  /// A candidate that was noted is shown.
  mutating func show(_ item: ItemID, at time: SimTime) {
    guard let place = places[item.rawValue] else { return }
    exposures[place].shown += 1
    exposures[place].firstShown = min(exposures[place].firstShown, time.nanoseconds)
  }

  private mutating func halve() {
    while exposures.count == Self.capacity {
      mask = mask << 1 | 1
      let narrower = mask
      exposures.removeAll { !Self.isTaken($0.item, mask: narrower) }
    }
    index()
  }

  private mutating func index() {
    places.removeAll(keepingCapacity: true)
    for (place, exposure) in exposures.enumerated() { places[exposure.item.rawValue] = place }
  }

  /// All tables as one list, each item once, ascending by id; of the items that every table takes.
  static func merged(_ tables: [ExposureTable]) -> [Exposure] {
    let mask = tables.reduce(0) { $0 | $1.mask }
    var all = tables.flatMap { $0.exposures.filter { isTaken($0.item, mask: mask) } }
    all.sort { $0.item < $1.item }
    var merged: [Exposure] = []
    merged.reserveCapacity(all.count)
    for exposure in all {
      guard let last = merged.last, last.item == exposure.item else {
        merged.append(exposure)
        continue
      }
      merged[merged.count - 1].shown += exposure.shown
      merged[merged.count - 1].firstShown = min(last.firstShown, exposure.firstShown)
    }
    return merged
  }

  func encode(into encoder: inout StateEncoder) {
    encoder.encode(mask)
    encoder.encode(exposures)
  }

  mutating func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    mask = try decoder.decode(UInt64.self)
    exposures = try decoder.decodeArray(of: Exposure.self)
    index()
  }
}
