import Glibc
import JamboreeKit

/// How a page of a listing is shown and what of it is opened: the same wherever people look at a list of posts.
public struct PageReading: Sendable {
  /// Candidates that a listing offers to the ranker.
  public var window: Int
  /// How many of them are shown.
  public var pageLength: Int
  /// A place's chance of being opened is proportional to its number to the power of minus this.
  public var positionBias: Double

  init(_ reader: inout ParameterReader) throws(ConfigurationError) {
    self = try reader.section("reading", "what a listing shows, and what of it is opened") { reader throws(ConfigurationError) in
      PageReading(
        window: try reader.integer("window", default: 100, in: 1...10_000, "candidates that a listing offers to the ranker"),
        pageLength: try reader.integer("pageLength", default: 20, in: 1...500, "of them that are shown"),
        positionBias: try reader.number(
          "positionBias", default: 1, in: 0...10, "a place is opened with a chance proportional to its number to the power of minus this"))
    }
  }

  init(window: Int, pageLength: Int, positionBias: Double) {
    self.window = window
    self.pageLength = pageLength
    self.positionBias = positionBias
  }
}

/// The choice of what is opened.
struct PageChoice: Sendable {
  private let reading: PageReading
  private let positions: ZipfDistribution

  init(_ reading: PageReading) {
    self.reading = reading
    positions = ZipfDistribution(exponent: reading.positionBias, count: reading.pageLength)
  }

  /// A listing whose best rows are shown.
  func listing(of container: ContainerID, _ model: VisitModel, _ visit: Visit, _ context: borrowing AgentContext) -> Step {
    var listing = model.operation(.listing, visit, context)
    listing.container = container
    listing.order = .active
    listing.limit = UInt16(reading.window)
    return .ranked(listing, pageLength: reading.pageLength)
  }

  /// Decides what of the page that is shown will be opened next: higher places more often.
  func chooseTargets(
    _ visit: inout Visit, _ reply: borrowing Reply, _ page: borrowing Buffer<UInt16>, wanted: Int, _ stream: inout RandomStream
  ) {
    visit.clearTargets()
    guard !page.isEmpty else { return }
    for _ in 0..<wanted {
      visit.addTarget(reply.items.id(at: Int(page[positions.rank(at: stream.nextUnit(), among: page.count)])))
    }
  }

  /// A thread with its newest replies and its text.
  func thread(of item: ItemID, _ model: VisitModel, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    visit.lastRead = item
    var read = model.operation(.thread, visit, context)
    read.subject = item
    read.limit = UInt16(min(reading.pageLength, 100))
    read.flags.insert(.wantsText)
    return .read(read)
  }
}
