import JamboreeKit

/// The items of one partition, the threads under them, and its members' connections. Kept behind a plain pointer: every read goes
/// through it, and counting references to an object that both cores read would make them wait for each other.
struct ItemTable: ~Copyable {
  private var numbers = IdentifierTable()
  private(set) var items: UnsafeMutablePointer<StoredItem>
  private(set) var count = 0
  private var capacity = 64
  /// Items with their replies, ready to be shown.
  private(set) var threads = ThreadList()
  /// Texts that were replaced since, each with the one before it.
  private var earlierTexts = Buffer<EarlierText>()
  /// Empty where the run does not ask for it.
  private(set) var byAuthor = ItemIndex(memberCount: 0)
  var connections = ConnectionTable()

  init() { items = Self.room(for: capacity) }

  deinit { items.deallocate() }

  @inline(__always) func index(of id: ItemID) -> Int? { numbers.find(id.rawValue) }

  /// The item that a write is about, unless its author keeps it from the actor: then it is not there for them.
  @inline(__always) func index(for operation: borrowing Operation) -> Int? {
    guard let index = index(of: operation.subject), items[index].isVisible(to: operation.actor) else { return nil }
    return index
  }

  /// Adds an item whose id is not there yet; returns its number.
  mutating func append(_ item: StoredItem) -> Int {
    if count == capacity { grow() }
    items[count] = item
    numbers.insert(item.id.rawValue, count)
    count += 1
    return count - 1
  }

  /// Changes an item, and what its thread shows of it.
  @inline(__always) mutating func change(_ index: Int, _ body: (inout StoredItem) -> Void) {
    body(&items[index])
    refreshThread(index)
  }

  private func refreshThread(_ index: Int) {
    let item = items[index]
    if item.thread != StoredItem.noThread { threads.pointer(to: Int(item.thread)).pointee.setTop(item.row) }
  }

  /// Gives an item another text. The one that it had stays to be looked up.
  mutating func replaceText(_ index: Int, by payload: UInt64) {
    let present = items[index]
    earlierTexts.append(EarlierText(payload: present.payload, version: present.version, before: present.earlierText))
    let number = UInt32(earlierTexts.count - 1)
    change(index) {
      $0.version += 1
      $0.payload = payload
      $0.earlierText = number
    }
  }

  /// The texts that an item had, the last one first, as long as `body` returns true.
  func forEachEarlierText(_ index: Int, _ body: (EarlierText) -> Bool) {
    var number = items[index].earlierText
    while number != StoredItem.noText, body(earlierTexts[Int(number)]) { number = earlierTexts[Int(number)].before }
  }

  // MARK: Authors

  /// Makes room for the partition's members, before the first item.
  mutating func keepAuthors(memberCount: Int) { byAuthor = ItemIndex(memberCount: memberCount) }

  mutating func enterUnderAuthor(_ index: Int) {
    byAuthor.insert(items[index], at: index, under: items[index].id.author.rawValue)
  }

  mutating func removeUnderAuthor(_ index: Int) { byAuthor.remove(index, under: items[index].id.author.rawValue) }

  // MARK: Threads

  /// Adds a reply to an item; called between ticks.
  mutating func addReply(_ reply: StoredItem, to index: Int) {
    if items[index].thread == StoredItem.noThread {
      items[index].thread = UInt32(threads.count)
      threads.append(top: items[index].row)
    }
    threads.pointer(to: Int(items[index].thread)).pointee.insert(reply.row)
    // A private reply leaves no trace on what it answers.
    guard !reply.flags.contains(.isPrivate) else { return }
    change(index) {
      $0.replyCount += 1
      $0.lastActive = max($0.lastActive, reply.created)
    }
  }

  /// A reply has changed.
  func updateReply(_ row: ItemRow, to index: Int) {
    guard items[index].thread != StoredItem.noThread else { return }
    threads.pointer(to: Int(items[index].thread)).pointee.update(row)
  }

  /// A reply is gone; returns false when it never was in this item's thread.
  mutating func removeReply(_ row: ItemRow, to index: Int) -> Bool {
    guard items[index].thread != StoredItem.noThread else { return false }
    guard threads.pointer(to: Int(items[index].thread)).pointee.remove(row.id) else { return false }
    if !row.flags.contains(.isPrivate) { change(index) { $0.replyCount -= 1 } }
    return true
  }

  /// Begins where a line of the cache does, so that an item lies across two of them and not across three.
  private static func room(for count: Int) -> UnsafeMutablePointer<StoredItem> {
    UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<StoredItem>.stride, alignment: 64)
      .bindMemory(to: StoredItem.self, capacity: count)
  }

  private mutating func grow() {
    let grown = Self.room(for: capacity * 2)
    grown.update(from: items, count: count)
    items.deallocate()
    items = grown
    capacity *= 2
  }
}
