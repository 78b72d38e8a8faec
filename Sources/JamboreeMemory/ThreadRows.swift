import JamboreeKit

/// An item and its replies as a page shows them: the item, then the newest reply first. A reader is lent the rows as
/// they stand.
///
/// Only the newest replies are kept so, those that nearly every reader wants; the older ones wait in ascending order,
/// so that a thread of thousands takes a new reply as fast as a short one.
struct ThreadRows: ~Copyable {
  private static let frontLimit = 128
  private static let frontKeep = 64

  private(set) var front = ItemColumns(capacity: 8)
  private var older: [ItemRow] = []
  /// Whether a reply is to be seen by its author alone.
  private var hasPrivate = false

  init(top: ItemRow) { front.append(top) }

  mutating func setTop(_ row: ItemRow) { front.update(row, at: 0) }

  mutating func insert(_ reply: ItemRow) {
    if reply.flags.contains(.isPrivate) { hasPrivate = true }
    let key = OrderKey(reply)
    if let last = older.last, key < OrderKey(last) {
      let place = older.firstIndex { key < OrderKey($0) } ?? older.count
      older.insert(reply, at: place)
      return
    }
    var place = 1
    while place < front.count, OrderKey(front[place]) > key { place += 1 }
    front.insert(reply, at: place)
    guard front.count > Self.frontLimit else { return }
    for index in stride(from: front.count - 1, through: Self.frontKeep, by: -1) { older.append(front[index]) }
    front.truncate(to: Self.frontKeep)
  }

  /// A reply has changed.
  mutating func update(_ row: ItemRow) {
    if let place = front.index(of: row.id, from: 1) {
      front.update(row, at: place)
    } else if let place = older.firstIndex(where: { $0.id == row.id }) {
      older[place] = row
    }
  }

  /// A reply is gone; returns false when it was not there.
  mutating func remove(_ id: ItemID) -> Bool {
    if let place = front.index(of: id, from: 1) {
      front.remove(at: place)
    } else if let place = older.firstIndex(where: { $0.id == id }) {
      older.remove(at: place)
    } else {
      return false
    }
    return true
  }

  /// Shows the item and, after the first `skip` replies that the viewer may see, so many that there are `limit` rows.
  func read(skip: Int, limit: Int, viewer: MemberID, into reply: inout Reply) {
    if skip == 0, !hasPrivate, limit <= front.count || older.isEmpty {
      reply.items.borrow(front, from: 0, count: min(limit, front.count))
      return
    }
    reply.items.append(front[0])
    var left = skip
    var position = 1
    while position < front.count + older.count, reply.items.count < limit {
      let row = position < front.count ? front[position] : older[older.count - 1 - (position - front.count)]
      position += 1
      if row.flags.contains(.isPrivate), row.id.author != viewer { continue }
      if left > 0 {
        left -= 1
      } else {
        reply.items.append(row)
      }
    }
  }
}

/// Threads by number; none is ever taken out.
struct ThreadList: ~Copyable {
  private var memory: UnsafeMutablePointer<ThreadRows>
  private(set) var count = 0
  private var capacity = 16

  init() { memory = .allocate(capacity: 16) }

  deinit {
    memory.deinitialize(count: count)
    memory.deallocate()
  }

  mutating func append(top: ItemRow) {
    if count == capacity {
      let grown = UnsafeMutablePointer<ThreadRows>.allocate(capacity: capacity * 2)
      grown.moveInitialize(from: memory, count: count)
      memory.deallocate()
      memory = grown
      capacity *= 2
    }
    (memory + count).initialize(to: ThreadRows(top: top))
    count += 1
  }

  /// Where a thread is until the next one is appended.
  @inline(__always) func pointer(to index: Int) -> UnsafeMutablePointer<ThreadRows> {
    precondition(index >= 0 && index < count, "thread out of range")
    return memory + index
  }
}
