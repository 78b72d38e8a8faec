/// What a backend is and promises. `jamboree backends` prints it, `jamboree verify` checks it.
public struct BackendDescriptor: Sendable {
  /// How writes may reach it in simulate mode.
  public enum Writers: Sendable {
    /// One ordered stream, through one session: what a database with a single writer wants.
    case single
    /// Partitions by ``Operation/ownerKey``, in parallel, each in its own order.
    case partitioned
  }

  /// What survives what.
  public enum Durability: String, Sendable {
    /// Nothing outlives the process.
    case none
    /// An acknowledged write outlives a killed process.
    case process
    /// An acknowledged write outlives a power cut.
    case power
  }

  /// What sessions may expect of each other when they read and write at the same time, as under load; a group is a
  /// transaction. In simulate mode nobody reads while somebody writes. Names and order as in Adya, "Weak consistency", 1999.
  public enum Isolation: String, Sendable, Comparable, CaseIterable {
    /// Nothing: it is for simulate mode only.
    case none
    /// Nobody sees what is not committed, or only a part of what is.
    case readCommitted
    /// A group's reads are of one moment.
    case snapshot
    /// As if one group came after the other.
    case serializable

    public static func < (a: Isolation, b: Isolation) -> Bool {
      (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
  }

  public let id: String
  public let version: String
  public let summary: String
  public let options: [OptionDescriptor]
  /// What stands after the colon in `id:location`, such as `a file` or `host:port`; nil when there is nothing to locate,
  /// so that a location is refused.
  public let location: String?
  public let durability: Durability
  public let writers: Writers
  /// The verbs that it implements. A scenario that needs another one is refused before it starts.
  public let verbs: Set<Verb>
  /// Whether ``OperationGroup``s are applied all or none.
  public let atomicGroups: Bool
  public let isolation: Isolation
  /// Options, each `name=value`, under which sessions may read and write at the same time and each acknowledged write is
  /// committed by itself; those of simulate mode may gain from its phases.
  public let concurrentOptions: [String]
  /// Options, each `name=value`, that a run at wall-clock pace sets where the user does not: there are no ticks then at which
  /// something could be committed.
  public let loadOptions: [String]
  /// True when what stands after the colon is a file that it makes.
  public let locatesFile: Bool
  /// The option that names where it keeps its data, for one whose location is a server's: a schema, say. Left out, it makes a
  /// place that goes with the run.
  public let placeOption: String?
  /// True when replies are made up, as the null backend's are: such a run's digest says nothing about another backend's.
  public let isSynthetic: Bool

  public init(
    id: String, version: String, summary: String, options: [OptionDescriptor] = [], location: String? = nil,
    durability: Durability = .none, writers: Writers, verbs: Set<Verb> = Set(Verb.allCases), atomicGroups: Bool = false,
    isolation: Isolation = .none, concurrentOptions: [String] = [], loadOptions: [String] = [], locatesFile: Bool = false, placeOption: String? = nil, isSynthetic: Bool = false
  ) {
    self.id = id
    self.version = version
    self.summary = summary
    self.options = options
    self.location = location
    self.durability = durability
    self.writers = writers
    self.verbs = verbs
    self.atomicGroups = atomicGroups
    self.isolation = isolation
    self.concurrentOptions = concurrentOptions
    self.loadOptions = loadOptions
    self.locatesFile = locatesFile
    self.placeOption = placeOption
    self.isSynthetic = isSynthetic
  }
}

/// Number of a session within a run, from 0: a worker's number.
public typealias SessionID = Int

/// A system under test. Conform to ``BlockingStorageBackend`` or ``PipelinedStorageBackend``, which add the sessions.
///
/// In simulate mode the engine calls, for each tick of virtual time: reads (any number of sessions at once, none
/// writing), then writes (see ``BackendDescriptor/Writers-swift.enum``), then ``endTick(_:)``. Reads see the state that
/// the last `endTick` left; a backend need not hide a tick's writes before, because nobody reads then.
public protocol StorageBackend: Sendable {
  static var descriptor: BackendDescriptor { get }
  init(options: OptionValues) throws(BackendError)
  /// Removes what runs that were killed have left with the backend; called before ``load(_:shouldStop:)``. Whatever stands in the way
  /// of that is no reason not to begin a run.
  /// - Parameter shouldStop: as there. The default has nothing to remove.
  func removeLeftovers(shouldStop: @escaping @Sendable () -> Bool)
  /// Takes in what is there before the first member comes, to be read as soon as it returns. Called at most once, before
  /// the first session is opened. A timed phase of its own.
  func load(_ dataset: Dataset) throws(BackendError)
  /// The same, for one that may take long or wait for another process.
  /// - Parameter shouldStop: asked now and then; once it is true, the loading is given up within a moment, whatever it waits for.
  /// - Throws: whatever it likes when it was given up, with what is left behind, if anything is, in the message. The default does not
  ///   ask.
  func load(_ dataset: Dataset, shouldStop: @escaping @Sendable () -> Bool) throws(BackendError)
  /// Takes the place of ``load(_:)`` in a run that goes on with what an earlier run of the same dataset has left.
  /// - Returns: how far the data go.
  /// - Throws: `usage` when there is nothing to go on with, or it is of another dataset. The default does.
  func reopen(_ dataset: Dataset) throws(BackendError) -> Watermark
  /// All writes before it are visible to all reads after it. A durable backend commits here, with the tick's number.
  func endTick(_ tick: TickID) throws(BackendError)
  /// The run is over: flush and close.
  func finish() throws(BackendError)
  /// Takes away all that was loaded or reopened. Called after ``finish()``, where the data were made for a check. The default
  /// does nothing.
  func discard() throws(BackendError)
  /// What the system under test has used of its machine until now, for one that is another process. May be called between loading
  /// and ``finish()`` on any thread, while sessions work, about once a second; takes milliseconds. The default knows nothing.
  func serverUsage() -> ServerUsage?
}

extension StorageBackend {
  public func removeLeftovers(shouldStop: @escaping @Sendable () -> Bool) {}

  public func load(_ dataset: Dataset, shouldStop: @escaping @Sendable () -> Bool) throws(BackendError) { try load(dataset) }

  public func discard() throws(BackendError) {}

  public func serverUsage() -> ServerUsage? { nil }

  public func reopen(_ dataset: Dataset) throws(BackendError) -> Watermark {
    throw BackendError(.usage, "backend '\(Self.descriptor.id)' keeps nothing that a run could go on with; leave out --reuse")
  }
}

/// How far the data go that an earlier run has left in a backend.
public struct Watermark: Sendable, Hashable {
  /// The last tick that is there, whole; -1 when nothing followed the loading.
  public let tick: TickID
  /// Nothing of a later tick is there. A backend that commits each write by itself may find that it is not so, where its
  /// process was killed; a run cannot go on then.
  public let isWhole: Bool

  public init(tick: TickID, isWhole: Bool = true) {
    self.tick = tick
    self.isWhole = isWhole
  }
}

/// A backend whose calls return when they are done: in process, or a client library that blocks.
public protocol BlockingStorageBackend: StorageBackend {
  associatedtype Session: StorageSession
  func openSession(_ id: SessionID) throws(BackendError) -> Session
}

/// Used by one thread at a time.
public protocol StorageSession: AnyObject {
  /// Performs one operation.
  /// - Parameters:
  ///   - arguments: the list that the verb reads beside the operation, often empty.
  ///   - reply: empty on entry; what a read found. Its time is not the session's to measure: the harness stamps it.
  func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome

  /// Performs writes in order up to the first that does not end `ok`, whose outcome is the group's. Where the descriptor
  /// says so, nothing is left then of those before it. The default performs them one by one.
  ///
  /// Where the descriptor claims an isolation, a group may also hold reads (`item`, `thread`, `listing`), alone or before,
  /// between and after writes: their rows are appended to the reply in order, and one that does not end `ok` ends the group.
  func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome

  /// What the system under test said when the last call ended in an error. Asked for right after some of those.
  var lastErrorText: String { get }
}

extension StorageSession {
  public var lastErrorText: String { "" }

  public func executeAtomically(_ group: borrowing OperationGroup, into reply: inout Reply) -> Outcome {
    for index in 0..<group.count {
      let outcome = execute(group.operations[index], arguments: group.arguments(of: index), into: &reply)
      if outcome != .ok { return outcome }
    }
    return .ok
  }
}

/// A backend behind a network: many requests are under way at once in one session.
public protocol PipelinedStorageBackend: StorageBackend {
  associatedtype Session: PipelinedStorageSession
  /// - Parameter connections: how many connections this session may own, at least 1.
  func openSession(_ id: SessionID, connections: Int) throws(BackendError) -> Session
}

/// What the harness calls a request by, from `submit` to its completion.
@frozen public struct Token: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A point on the machine's monotonic clock, in nanoseconds.
@frozen public struct MonotonicInstant: BitwiseCopyable, Comparable, Sendable {
  public var nanoseconds: UInt64
  @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
  /// Waits as long as it takes.
  @inlinable public static var distantFuture: MonotonicInstant { MonotonicInstant(nanoseconds: .max) }
  @inlinable public static func < (a: MonotonicInstant, b: MonotonicInstant) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// One per worker; owns any number of connections. Used by one thread at a time.
///
/// Every token that was submitted completes exactly once, with `timedOut`, `unavailable` or `failed` if nothing better
/// can be said. Completions may come in any order, except that writes with the same ``Operation/ownerKey`` take effect
/// in the order in which they were submitted.
public protocol PipelinedStorageSession: AnyObject {
  /// Enqueues a request; sends nothing yet and never blocks.
  func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token)
  func submitAtomically(_ group: borrowing OperationGroup, token: Token)
  /// Sends what is enqueued, then waits on all connections at once until something completed or the deadline passed.
  /// Returns at once when something has completed already or nothing is under way.
  func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch)
  /// What the system under test said of the last request that ended in an error.
  var lastErrorText: String { get }
}

extension PipelinedStorageSession {
  public var lastErrorText: String { "" }
}

/// What a `poll` brought back. The harness owns it and uses it again.
public struct CompletionBatch: ~Copyable {
  @usableFromInline var tokens: [Token] = []
  @usableFromInline var outcomes: [Outcome] = []
  @usableFromInline var replies: UnsafeMutablePointer<Reply>
  @usableFromInline var capacity: Int

  /// - Parameter capacity: how many replies it holds; a session leaves the rest for the next `poll`.
  public init(capacity: Int) {
    self.capacity = max(capacity, 1)
    replies = .allocate(capacity: self.capacity)
    for index in 0..<self.capacity { (replies + index).initialize(to: Reply()) }
  }

  deinit {
    replies.deinitialize(count: capacity)
    replies.deallocate()
  }

  @inlinable public var count: Int { tokens.count }
  @inlinable public var isFull: Bool { tokens.count == capacity }

  /// Adds a completion; `fill` writes what was found. Must not be called when ``isFull``.
  @inlinable public mutating func complete(_ token: Token, _ outcome: Outcome, _ fill: (inout Reply) -> Void = { _ in }) {
    precondition(!isFull, "the batch is full: leave the completion for the next poll")
    let index = tokens.count
    replies[index].reset()
    fill(&replies[index])
    tokens.append(token)
    outcomes.append(outcome)
  }

  /// Adds a completion whose outcome shows while `fill` writes what was found. Must not be called when ``isFull``.
  @inlinable public mutating func complete(_ token: Token, _ fill: (inout Reply) -> Outcome) {
    precondition(!isFull, "the batch is full: leave the completion for the next poll")
    let index = tokens.count
    replies[index].reset()
    let outcome = fill(&replies[index])
    tokens.append(token)
    outcomes.append(outcome)
  }

  @inlinable public func token(at index: Int) -> Token { tokens[index] }
  @inlinable public func outcome(at index: Int) -> Outcome { outcomes[index] }
  /// Lends a completion's reply.
  @inlinable public mutating func withReply<Result>(at index: Int, _ body: (inout Reply) -> Result) -> Result {
    precondition(index >= 0 && index < tokens.count, "completion out of range")
    return body(&replies[index])
  }

  @inlinable public mutating func removeAll() {
    tokens.removeAll(keepingCapacity: true)
    outcomes.removeAll(keepingCapacity: true)
  }
}
