import JamboreeKit

/// How a page of items is shown and what of it is opened: the same wherever members look at one.
public struct PageReading: Sendable {
  /// Items that a page is made from, out of which a ranker chooses; as many as the page has where nothing is ranked.
  public var window: Int
  /// How many items are shown.
  public var pageLength: Int
  /// The n-th place's weight, when it is chosen what to open, is n to the power of minus this.
  public var positionBias: Double
  private let isRanked: Bool

  /// Reads the section `reading`.
  /// - Parameters:
  ///   - pageLength: the default.
  ///   - isRanked: whether a ranker chooses what is shown; where it does not, there is no window to be given.
  ///   - opens: whether something of a page is opened; where nothing is, there is no bias to be given.
  init(
    _ reader: inout ParameterReader, pageLength: Int = 20, isRanked: Bool = true, opens: Bool = true
  ) throws(ConfigurationError) {
    let summary = opens ? "what a page shows, and what of it is opened" : "what a page shows"
    self = try reader.section("reading", summary) { reader throws(ConfigurationError) in
      try PageReading(keys: &reader, pageLength: pageLength, isRanked: isRanked, opens: opens)
    }
  }

  /// Reads the keys alone, for a section that has others, too.
  init(
    keys reader: inout ParameterReader, window: Int = 100, pageLength standard: Int = 20, isRanked: Bool = true, opens: Bool = true
  ) throws(ConfigurationError) {
    let window =
      isRanked ? try reader.integer("window", default: window, in: 1...10_000, "items that the ranker is offered for a page") : nil
    pageLength = try reader.integer("pageLength", default: standard, in: 1...500, "items shown on a page")
    positionBias =
      opens
      ? try reader.number(
        "positionBias", default: 1, in: 0...10, "a place is opened with a weight of its number to the power of minus this") : 0
    self.window = window ?? pageLength
    self.isRanked = isRanked
    guard pageLength <= self.window || reader.describesOnly else {
      throw reader.fail(
        "pageLength", "a page of \(pageLength) cannot be filled from a window of \(self.window); lower it, or raise window")
    }
  }

  /// Reads what a page is made from, and shows it.
  func page(of read: Operation) -> Step {
    var read = read
    read.limit = UInt16(window)
    return isRanked ? .ranked(read, pageLength: pageLength) : .read(read)
  }

  /// A page of what is listed in a place.
  func listing(
    of container: ContainerID, by order: ListingOrder = .newest, _ model: VisitModel, _ visit: Visit,
    _ context: borrowing AgentContext
  ) -> Step {
    var listing = model.operation(.listing, visit, context)
    listing.container = container
    listing.order = order
    return page(of: listing)
  }

  /// A thread with its newest replies and its text.
  func thread(of item: ItemID, _ model: VisitModel, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    visit.lastRead = item
    var read = model.operation(.thread, visit, context)
    read.subject = item
    read.limit = UInt16(min(pageLength, 100))
    read.flags.insert(.wantsText)
    return .read(read)
  }
}
