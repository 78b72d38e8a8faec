import JamboreeKit

/// Which rows of a page are opened: higher places more often.
struct PagePositions: Sendable {
  let pageLength: Int
  private let places: ZipfDistribution

  init(pageLength: Int, bias: Double) {
    self.pageLength = pageLength
    places = ZipfDistribution(exponent: bias, count: pageLength)
  }

  /// Reads the keys that every service with pages has.
  init(_ reader: inout ParameterReader, pageLength standard: Int) throws(ConfigurationError) {
    self.init(
      pageLength: try reader.integer("pageLength", default: standard, in: 1...500, "items shown on a page"),
      bias: try reader.number(
        "positionBias", default: 1, in: 0...10,
        "a place is opened with a chance proportional to its number to the power of minus this"))
  }

  /// A row of a page that shows `count` of them, at least 1.
  func row(among count: Int, _ stream: inout RandomStream) -> Int {
    places.rank(at: stream.nextUnit(), among: min(count, pageLength))
  }

  /// Forgets what the visitor meant to open, and chooses up to `wanted` items of the page instead.
  func chooseTargets(_ wanted: Int, of items: borrowing ItemColumns, _ visit: inout Visit, _ stream: inout RandomStream) {
    visit.clearTargets()
    guard items.count > 0 else { return }
    for _ in 0..<min(wanted, Visit.mostTargets) { visit.addTarget(items.id(at: row(among: items.count, &stream))) }
  }
}
