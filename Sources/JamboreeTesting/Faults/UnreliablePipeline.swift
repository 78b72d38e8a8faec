import JamboreeKit

/// A pipelined backend that keeps the letter of the contract (every request completes once) and not its word: what an audit
/// of acknowledged writes must be able to tell from one that does. May be used by several sessions at once, as its base may;
/// a blocking one is made pipelined by ``PipelinedAdapter``.
public final class UnreliablePipeline<Base: PipelinedStorageBackend>: PipelinedStorageBackend {
  public enum Fault: Sendable {
    /// Acknowledges every n-th write of each verb (and kind of reaction) and does not make it.
    case dropsAcknowledgedWrites(oneIn: Int)
    /// Makes every n-th write of each verb (and kind of reaction) twice: a `publish` again under an id of its own, a `react`
    /// again for another member, an `edit` again on the version that it made. Others have nothing that could be made twice.
    case repeatsWrites(oneIn: Int)
    /// Answers `timedOut` to every n-th write of each verb (and kind of reaction), and makes every other one of those.
    case losesAnswers(oneIn: Int)
    /// Acknowledges writes at once and makes them so many nanoseconds later, in order: as if every read were answered by a
    /// replica that lags. Only for writes that would end `ok`: all are told so.
    case servesStaleReads(delayNanoseconds: UInt64)
  }

  /// A verb, and of reactions the kind.
  public struct WriteClass: Hashable, Sendable {
    public let verb: Verb
    /// A ``ReactionKind``; 0 for other verbs.
    public let kind: UInt8

    public init(verb: Verb, kind: UInt8 = 0) {
      self.verb = verb
      self.kind = kind
    }

    init(_ operation: Operation) { self.init(verb: operation.verb, kind: operation.verb == .react ? operation.kind : 0) }
  }

  public static var descriptor: BackendDescriptor { Base.descriptor }

  private let base: Base
  let fault: Fault
  let now: @Sendable () -> UInt64
  private let turns = Guarded<[WriteClass: Int]>([:])
  private let struck = Guarded<[WriteClass: Int]>([:])

  /// - Parameter now: the clock of the delay, in nanoseconds; the machine's monotonic one unless given.
  public init(_ base: Base, fault: Fault, now: (@Sendable () -> UInt64)? = nil) {
    self.base = base
    self.fault = fault
    self.now = now ?? { monotonicNanoseconds() }
  }

  /// An unreliable backend is made in code, with a fault; it cannot be named on a command line.
  public convenience init(options: OptionValues) throws(BackendError) {
    throw BackendError(.usage, "an unreliable backend needs a fault; use init(_:fault:)")
  }

  public func load(_ dataset: Dataset) throws(BackendError) { try base.load(dataset) }
  public func endTick(_ tick: TickID) throws(BackendError) { try base.endTick(tick) }
  public func finish() throws(BackendError) { try base.finish() }
  public func discard() throws(BackendError) { try base.discard() }

  public func openSession(_ id: SessionID, connections: Int) throws(BackendError) -> Session {
    Session(try base.openSession(id, connections: connections), self)
  }

  /// How many writes the fault has struck so far, by class.
  public var struckWrites: [WriteClass: Int] { struck.access { $0 } }

  /// Whether it is the turn of a write, and the how manieth that is, from 1.
  func strike(_ operation: Operation, oneIn count: Int) -> Int? {
    let writeClass = WriteClass(operation)
    let turn = turns.access { turns in
      turns[writeClass, default: 0] += 1
      return turns[writeClass, default: 0]
    }
    guard turn % max(count, 1) == 0 else { return nil }
    struck.access { $0[writeClass, default: 0] += 1 }
    return turn / max(count, 1)
  }
}
