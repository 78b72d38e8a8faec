/// One call to a storage backend: a small value without references, so that millions wait in queues without a count
/// being kept of any. What each verb reads is listed at ``Verb``.
///
/// Lists (authors, recipients, further containers) travel beside it as a span of arguments; text is derived from
/// `payloadSeed` (see ``Payload``) and never held in memory by the harness.
@frozen public struct Operation: BitwiseCopyable, Sendable {
  /// When the member meant to do it; the creation time of what a write makes.
  public var intended: SimTime
  public var container: ContainerID
  public var subject: ItemID
  /// A second reference: the item that is answered, the other member, a position to go on from.
  public var object: UInt64
  public var payloadSeed: UInt64
  public var actor: MemberID
  /// Bytes of text (or of a file) that come with a write; unused by reads (see ``OperationFlags/wantsText``).
  public var payloadLength: UInt32
  public var expectedVersion: UInt32
  public var value: Int32
  public var topic: UInt16
  /// At most this many entries are wanted in the reply.
  public var limit: UInt16
  public var action: ActionID
  public var verb: Verb
  /// A ``ReactionKind``, a ``ConnectionKind``, a ``DeliveryKind`` or the service's own kind of item, by verb.
  public var kind: UInt8
  public var order: ListingOrder
  public var flags: OperationFlags

  @inlinable public init(verb: Verb, action: ActionID, actor: MemberID, intended: SimTime) {
    self.intended = intended
    container = .none
    subject = .none
    object = 0
    payloadSeed = 0
    self.actor = actor
    payloadLength = 0
    expectedVersion = 0
    value = 0
    topic = 0
    limit = 0
    self.action = action
    self.verb = verb
    kind = 0
    order = .newest
    flags = []
  }

  /// The entity that owns the write: writes with the same key are applied one after the other, in the order of their
  /// ``intended`` times (members who meant the same time: by a mix of their numbers and the seed, so that nobody is
  /// favoured); writes with different keys may be applied in parallel. ``ItemID/ownerKey`` for what is about an item, the
  /// member's number for everything else.
  @inlinable public var ownerKey: UInt64 {
    switch verb {
    case .publish, .edit, .delete, .react, .deliver: subject.ownerKey
    default: UInt64(actor.rawValue)
    }
  }
}

/// Writes that a backend applies all or none, where its descriptor promises that; a single write is a group of one. Where
/// it claims an isolation, reads may be among them: see ``StorageSession/executeAtomically(_:into:)``.
///
/// `operations[i]` has the arguments `argumentStarts[i] ..< argumentStarts[i + 1]` of `arguments`.
public struct OperationGroup: ~Escapable {
  public let operations: Span<Operation>
  public let argumentStarts: Span<UInt32>
  public let arguments: Span<UInt64>

  @_lifetime(copy operations, copy argumentStarts, copy arguments)
  @inlinable public init(operations: Span<Operation>, argumentStarts: Span<UInt32>, arguments: Span<UInt64>) {
    self.operations = operations
    self.argumentStarts = argumentStarts
    self.arguments = arguments
  }

  @inlinable public var count: Int { operations.count }

  /// The arguments of one of the operations.
  @_lifetime(copy self)
  @inlinable public func arguments(of index: Int) -> Span<UInt64> {
    arguments.extracting(Int(argumentStarts[index])..<Int(argumentStarts[index + 1]))
  }
}
