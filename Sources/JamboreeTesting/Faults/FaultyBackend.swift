import JamboreeKit
import Synchronization

/// A backend that is wrong in one way, over one that is right: what a checker must be able to tell apart.
public final class FaultyBackend<Base: BlockingStorageBackend>: BlockingStorageBackend {
  /// The kinds of error.
  public enum Fault: Sendable {
    /// Acknowledges the n-th `publish` and does not make it.
    case dropsWrite(number: Int)
    /// Answers `failed` to the n-th `publish` and does not make it, as on a full disk.
    case failsWrite(number: Int)
    /// Makes the n-th `publish` twice, the second time under an id of its own, as a client that retries does.
    case duplicatesWrite(number: Int)
    /// Acknowledges the n-th `react` and does not make it.
    case losesRating(number: Int)
    /// Answers with the first two rows of every listing swapped.
    case breaksOrder
    /// Answers listings as they were before the last tick ended, as a replica that lags does.
    case servesStalePage
    /// Shows private items to everybody.
    case showsPrivate
    /// Takes edits whatever version they expect.
    case ignoresConflicts
    /// Acknowledges the n-th `deliver` and does not make it.
    case losesDelivery(number: Int)
    /// Acknowledges that things have been read, and forgets it.
    case forgetsMarks
    /// Answers with the first two members of every directory page swapped.
    case breaksNames
    /// Leaves the oldest item out of every search that finds several.
    case losesHit
    /// Loads members and places, and nothing that was there before the start.
    case losesHistory
    /// Cannot end a tick in which nobody has written.
    case failsIdleTicks
    /// Acknowledges what is written in a tick after its n-th write, and makes no item of it, as a buffer that is full does.
    case overflows(number: Int)
    /// Acknowledges writes that come while another is under way, and does not make them.
    case losesParallelWrites
    /// Leaves the last row out of answers that are made while another one is.
    case mixesUpParallelReads
    /// Acknowledges the n-th `edit` and makes it after the next one of the same item.
    case delaysEdit(number: Int)
    /// Acknowledges the n-th `delete` and does not make it.
    case losesDeletion(number: Int)
    /// Acknowledges that votes are taken back, and counts them on.
    case keepsVotes
    /// Acknowledges that ties are undone, and keeps them.
    case keepsTies
    /// Acknowledges the n-th `join` and does not make it.
    case losesJoin(number: Int)
    /// Refuses a reply to what is not there, such as what comes to be in the same tick.
    case refusesOrphans
    /// Lists items in the first of their containers alone.
    case ignoresFurther
    /// Keeps the lengths of texts in 16 bits.
    case cutsLongTexts
    /// Answers with one entry more than was asked for.
    case exceedsLimit
    /// Answers with a hundred entries at most.
    case capsPages
    /// Begins every page but the first one entry too late.
    case skipsOneMore
    /// Leaves the last row out of every third listing.
    case variesAnswers
    /// Shows an item whatever version is expected of it.
    case ignoresExpectedVersion
    /// Answers with the first two members of every page of connections swapped.
    case breaksTies
    /// Counts as unread at most what it shows.
    case countsShown
    /// Holds a thousand deliveries for a member, which is too few.
    case capsInboxes
    /// Answers with the whole directory, whatever names should begin with.
    case ignoresPrefix
    /// Counts a member's friends as followed, and the other way about.
    case mixesUpProfiles
  }

  public static var descriptor: BackendDescriptor { Base.descriptor }

  private let base: Base
  let fault: Fault
  /// How often what a fault counts has come.
  let turns = Atomic<Int>(0)
  /// Writes since the last tick ended.
  let writesInTick = Atomic<Int>(0)
  let underWay = Atomic<Int>(0)
  let memory = Mutex(Memory())

  /// What some faults must remember.
  struct Memory {
    var privateItems: Set<ItemID> = []
    /// An edit that was acknowledged and is still to be made.
    var late: Operation?
    /// Listings as operations, with the rows that were there before the last tick.
    var stale: [ContainerID: [[ItemRow]]] = [:]
  }

  public init(_ base: Base, fault: Fault) {
    self.base = base
    self.fault = fault
  }

  /// A faulty backend is made in code, with a fault; it cannot be named on a command line.
  public convenience init(options: OptionValues) throws(BackendError) {
    throw BackendError(.usage, "a faulty backend needs a fault; use init(_:fault:)")
  }

  public func load(_ dataset: Dataset) throws(BackendError) {
    guard case .losesHistory = fault else { return try base.load(dataset) }
    try base.load(
      Dataset(
        identity: dataset.identity, population: dataset.population, containers: dataset.containers, history: OperationLog(),
        verbs: dataset.verbs))
  }

  public func endTick(_ tick: TickID) throws(BackendError) {
    let written = writesInTick.exchange(0, ordering: .relaxed)
    if case .failsIdleTicks = fault, written == 0 { throw BackendError(.failed, "there is nothing to commit") }
    if case .servesStalePage = fault { keepPages(try base.openSession(.max)) }
    try base.endTick(tick)
  }

  public func finish() throws(BackendError) { try base.finish() }
  public func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(try base.openSession(id), self) }

  /// Reads the first page of every container in which something was published, before the base has ended the tick.
  private func keepPages(_ session: Base.Session) {
    let containers = memory.withLock { Array($0.stale.keys) }
    for container in containers {
      let pages = ListingOrder.allCases.map { order in
        var listing = Operation(verb: .listing, action: ActionID(0), actor: .platform, intended: .zero)
        listing.container = container
        listing.order = order
        listing.limit = 1000
        var reply = Reply()
        _ = session.execute(listing, arguments: Span(), into: &reply)
        return (0..<reply.items.count).map { reply.items[$0] }
      }
      memory.withLock { $0.stale[container] = pages }
    }
  }
}
