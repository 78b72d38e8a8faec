import JamboreeKit

/// Answers at once, with pages made from the operation's hash: what a run costs on it is the harness's own floor.
///
/// Nothing is stored. Items shown come from a fixed table of 256 made-up items, so that ranking and reading them costs
/// what it would cost with real ones.
public final class NullBackend: BlockingStorageBackend {
  public static let descriptor = BackendDescriptor(
    id: "null", version: "1", summary: "answers at once with made-up pages: the harness's own floor",
    writers: .partitioned, atomicGroups: true, isSynthetic: true)

  fileprivate final class Table: Sendable {
    static let size = 256
    let rows: ItemColumns

    init() {
      var rows = ItemColumns(capacity: Table.size + 1024)
      for index in 0..<(Table.size + 1024) {
        let bits = mix64(UInt64(index % Table.size) &+ 0x6A6D_6200)
        let count = Int32(bits >> 40 & 63)
        rows.append(
          ItemRow(
            id: ItemID(author: .platform, sequence: UInt32(index % Table.size + 1)), created: SimTime(nanoseconds: -Int64(index % Table.size) * 37_000_000_000),
            lastActive: SimTime(nanoseconds: 0), ratingSum: count * Int32(1 + bits & 3), ratingCount: count,
            replyCount: Int32(bits >> 50 & 15), version: 1, payload: bits, topic: UInt16(bits >> 56 & 63)))
      }
      self.rows = rows
    }
  }

  private let table = Table()

  public init(options: OptionValues) throws(BackendError) {}
  public func load(_ dataset: Dataset) throws(BackendError) {}
  public func endTick(_ tick: TickID) throws(BackendError) {}
  public func finish() throws(BackendError) {}
  public func openSession(_ id: SessionID) throws(BackendError) -> Session { Session(table) }

  public final class Session: StorageSession {
    private let table: Table
    fileprivate init(_ table: Table) { self.table = table }

    public func execute(_ operation: Operation, arguments: Span<UInt64>, into reply: inout Reply) -> Outcome {
      if operation.verb.isWrite { return .ok }
      let hash = mix64(operation.container.rawValue ^ operation.subject.rawValue ^ operation.object &* 0x9E37_79B9_7F4A_7C15)
      let limit = Int(operation.limit)
      let start = Int(hash & UInt64(Table.size - 1))
      switch operation.verb {
      case .listing, .recentByAuthors, .inbox, .search, .scan:
        reply.items.borrow(table.rows, from: start, count: min(limit, 1024))
      case .thread:
        // An item and, on average, five replies: the mean size of a thread.
        reply.items.borrow(table.rows, from: start, count: min(limit, 1 + Int(hash >> 32 & 7) + Int(hash >> 36 & 3)))
      case .item:
        reply.items.borrow(table.rows, from: start, count: 1)
      case .revisions:
        reply.items.borrow(table.rows, from: start, count: min(limit, 1))
      case .directory, .connections, .notifications, .profile:
        for offset in 0..<min(limit, 64) { reply.keys.append(hash &+ UInt64(offset)) }
      default:
        reply.count = Int64(hash & 1023)
        reply.sum = Int64(hash >> 10 & 4095)
      }
      return .ok
    }
  }
}
