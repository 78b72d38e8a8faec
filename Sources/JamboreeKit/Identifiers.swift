/// A person on the platform, counted from 0 within the population.
///
/// The top sixteenth of the range (`0xF000_0000` and up) is reserved for readers without an account.
@frozen public struct MemberID: BitwiseCopyable, Hashable, Comparable, Sendable {
  public var rawValue: UInt32

  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// The first id that stands for an anonymous reader.
  @inlinable public static var firstAnonymous: MemberID { MemberID(0xF000_0000) }
  /// The platform itself: the author of what was there before the first member came.
  @inlinable public static var platform: MemberID { MemberID(.max) }

  @inlinable public var isAnonymous: Bool { rawValue >= 0xF000_0000 && rawValue != .max }

  @inlinable public static func < (a: MemberID, b: MemberID) -> Bool { a.rawValue < b.rawValue }
}

/// A post, reply, bookmark, page, file: anything that a member makes.
///
/// The author is in the high 32 bits, the number of the service in the next 8 and the author's own counter there in the
/// low 24, so ids are unique without coordination, whichever worker, machine or service made them. An id says nothing
/// about time and never breaks a tie by itself (that would favour members with low numbers): see ``ItemID/tieBreak``.
@frozen public struct ItemID: BitwiseCopyable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64

  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// - Parameters:
  ///   - service: ``ServiceSetup/serviceNumber`` of the service that made it.
  ///   - sequence: the author's own counter within the service, from 1; 24 bits of it are kept.
  @inlinable public init(author: MemberID, service: UInt8 = 0, sequence: UInt32) {
    rawValue = UInt64(author.rawValue) << 32 | UInt64(service) << 24 | UInt64(sequence & 0xFF_FFFF)
  }

  /// Stands for the absence of an item: sequences start at 1.
  @inlinable public static var none: ItemID { ItemID(rawValue: 0) }

  @inlinable public var author: MemberID { MemberID(UInt32(truncatingIfNeeded: rawValue >> 32)) }
  @inlinable public var service: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 24) }
  @inlinable public var sequence: UInt32 { UInt32(truncatingIfNeeded: rawValue) & 0xFF_FFFF }

  /// Which writes to items go one after the other: the author's number; for what the platform made, which anybody may
  /// change, a mix of the id, so that its pages do not all wait for each other. See ``Operation/ownerKey``.
  @inlinable public var ownerKey: UInt64 {
    let author = rawValue >> 32
    return author == UInt64(UInt32.max) ? mix64(rawValue) : author
  }

  @inlinable public static func < (a: ItemID, b: ItemID) -> Bool { a.rawValue < b.rawValue }

  /// The order among items that are otherwise equal: a mix of the id, larger first. Every backend that promises an
  /// order breaks ties by this value, so that all of them show the same page.
  @inlinable public var tieBreak: UInt64 { mix64(rawValue) }
}

/// A place that lists items: a forum, a blog, a tag, a person's page, a whole service.
///
/// The high 16 bits tell the service and the kind of place (``ContainerID/Space``), the low 48 its number there.
@frozen public struct ContainerID: BitwiseCopyable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64

  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  @inlinable public init(space: Space, number: UInt64) {
    rawValue = UInt64(space.rawValue) << 48 | (number & 0xFFFF_FFFF_FFFF)
  }

  @inlinable public static var none: ContainerID { ContainerID(rawValue: 0) }

  @inlinable public var space: Space { Space(rawValue: UInt16(truncatingIfNeeded: rawValue >> 48)) }
  @inlinable public var number: UInt64 { rawValue & 0xFFFF_FFFF_FFFF }

  @inlinable public static func < (a: ContainerID, b: ContainerID) -> Bool { a.rawValue < b.rawValue }

  /// The kind of place. A service takes its spaces from its own block of 256: `Space(service: 3, kind: 1)`.
  @frozen public struct Space: BitwiseCopyable, Hashable, Sendable {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(service: UInt8, kind: UInt8) { rawValue = UInt16(service) << 8 | UInt16(kind) }
  }
}

/// A point in virtual time: nanoseconds since the scenario's start.
@frozen public struct SimTime: BitwiseCopyable, Hashable, Comparable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  @inlinable public init(seconds: Double) { nanoseconds = Int64(seconds * 1e9) }

  @inlinable public static var zero: SimTime { SimTime(nanoseconds: 0) }
  /// Later than everything: an agent whose next time is `never` is not scheduled.
  @inlinable public static var never: SimTime { SimTime(nanoseconds: .max) }

  @inlinable public var seconds: Double { Double(nanoseconds) * 1e-9 }

  @inlinable public static func < (a: SimTime, b: SimTime) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: SimTime, durationNanoseconds: Int64) -> SimTime {
    SimTime(nanoseconds: a.nanoseconds &+ durationNanoseconds)
  }
  /// The distance between two points, in nanoseconds.
  @inlinable public static func - (a: SimTime, b: SimTime) -> Int64 { a.nanoseconds &- b.nanoseconds }
}

/// Number of a tick of virtual time: tick `n` holds the times from `n * length` up to but not including `(n + 1) * length`.
public typealias TickID = Int64

/// What makes two runs of one scenario differ, or not.
@frozen public struct Seed: BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt64
  @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// How many shards an engine splits its agents into. It does not depend on the machine, so a run is the same for any
/// number of workers.
public let shardCount = 64
