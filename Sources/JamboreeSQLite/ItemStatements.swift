import CSQLite
import JamboreeKit

/// An item as a write finds it.
struct PresentItem {
  var row: ItemRow
  let container: ContainerID
  let furtherContainers: Int64
  var text: Int64

  var isPrivate: Bool { row.flags.contains(.isPrivate) }
  var isReply: Bool { row.parent != .none }
}

/// What changes items and the places that show them.
struct ItemStatements {
  private let present: Statement
  private let isTaken: Statement
  private let earlierReplies: Statement
  private let insertText: Statement
  private let insertItem: Statement
  private let insertRevision: Statement
  private let insertListed: Statement
  private let insertFurther: Statement
  private let further: Statement
  private let updateItem: Statement
  private let updateListed: Statement
  private let addToContainer: Statement
  private let markDeleted: Statement
  private let removeListed: Statement
  private let reaction: Statement
  private let setReaction: Statement
  private let removeReaction: Statement
  private let connection: Connection
  /// Whether the sums over containers are kept: only for who reads them.
  private let keepsTotals: Bool

  init(_ connection: Connection, verbs: Set<Verb>) throws(BackendError) {
    self.connection = connection
    keepsTotals = verbs.contains(.counts)
    present = try connection.prepare(
      "SELECT \(Schema.itemColumns), container, further_containers, text FROM item WHERE id = ?1 AND deleted = 0")
    isTaken = try connection.prepare("SELECT 1 FROM item WHERE id = ?1")
    earlierReplies = try connection.prepare(
      """
      SELECT ifnull(sum(deleted = 0), 0), ifnull(max(created), ?2) FROM item INDEXED BY item_by_parent
      WHERE parent = ?1 AND parent <> 0 AND reader = 0
      """)
    insertText = try connection.prepare("INSERT INTO text (body) VALUES (?1)")
    insertItem = try connection.prepare(
      """
      INSERT INTO item (id, author, parent, created, tie, reader, active, reply_count, payload, traits, text, container,
      further_containers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
      """)
    insertRevision = try connection.prepare("INSERT INTO earlier_revision VALUES (?1, ?2, ?3, ?4)")
    insertListed = try connection.prepare("INSERT INTO listing (container, created, tie, active, card, reader) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    insertFurther = try connection.prepare("INSERT INTO further_container VALUES (?1, ?2)")
    further = try connection.prepare("SELECT container FROM further_container WHERE item = ?1")
    updateItem = try connection.prepare(
      """
      UPDATE item SET active = ?2, rating_sum = ?3, rating_count = ?4, reply_count = ?5, version = ?6, payload = ?7, vote_sum = ?8,
      flag_count = ?9, download_count = ?10, text = ?11 WHERE id = ?1
      """)
    updateListed = try connection.prepare(
      "UPDATE listing SET active = ?4, card = ?5 WHERE container = ?1 AND created = ?2 AND tie = ?3")
    addToContainer = try connection.prepare(
      """
      INSERT INTO container (id, item_count, rating_sum) VALUES (?1, ?2, ?3)
      ON CONFLICT (id) DO UPDATE SET item_count = item_count + ?2, rating_sum = rating_sum + ?3
      """)
    markDeleted = try connection.prepare("UPDATE item SET deleted = 1 WHERE id = ?1")
    removeListed = try connection.prepare("DELETE FROM listing WHERE container = ?1 AND created = ?2 AND tie = ?3")
    reaction = try connection.prepare("SELECT value FROM reaction WHERE item = ?1 AND kind = ?2 AND member = ?3")
    setReaction = try connection.prepare("INSERT OR REPLACE INTO reaction VALUES (?1, ?2, ?3, ?4)")
    removeReaction = try connection.prepare("DELETE FROM reaction WHERE item = ?1 AND kind = ?2 AND member = ?3")
  }

  /// The item, if it has not been deleted.
  func find(_ id: ItemID) throws(SQLiteFailure) -> PresentItem? {
    present.bind(1, id.rawValue)
    return try present.first { statement in
      PresentItem(
        row: ItemRow(statement), container: ContainerID(rawValue: UInt64(bitPattern: statement.int(13))),
        furtherContainers: statement.int(14), text: statement.int(15))
    }
  }

  /// The item, if it is there for the actor.
  func find(for operation: Operation) throws(SQLiteFailure) -> PresentItem? {
    guard let item = try find(operation.subject), !item.isPrivate || item.row.id.author == operation.actor else { return nil }
    return item
  }

  func isTaken(_ id: ItemID) throws(SQLiteFailure) -> Bool {
    isTaken.bind(1, id.rawValue)
    return try isTaken.first { _ in true } ?? false
  }

  /// Stores a text and returns its number.
  func insert(text: UnsafeRawBufferPointer) throws(SQLiteFailure) -> Int64 {
    insertText.bindText(1, text)
    try insertText.done()
    return sqlite3_last_insert_rowid(connection.handle)
  }

  /// Keeps the present text of an item, which is about to get another one.
  func keepRevision(of item: PresentItem) throws(SQLiteFailure) {
    insertRevision.bind(1, item.row.id.rawValue)
    insertRevision.bind(2, item.row.version)
    insertRevision.bind(3, item.row.payload)
    insertRevision.bind(4, item.text)
    try insertRevision.done()
  }

  /// Stores a new item, and lists it.
  func insert(
    _ operation: Operation, payload: UInt64, text: Int64, containers: [ContainerID]
  ) throws(SQLiteFailure) {
    let id = operation.subject
    let created = operation.intended.nanoseconds
    // A reply may have been written before what it answers, within a tick.
    earlierReplies.bind(1, id.rawValue)
    earlierReplies.bind(2, created)
    let (replies, latest) = try earlierReplies.first { ($0.int32(0), $0.int(1)) } ?? (0, created)
    let row = ItemRow(
      id: id, created: operation.intended, lastActive: SimTime(nanoseconds: max(created, latest)), replyCount: replies,
      payload: payload, parent: ItemID(rawValue: operation.object), value: operation.value, topic: operation.topic,
      kind: operation.kind, flags: operation.flags)
    insertItem.bind(1, id.rawValue)
    insertItem.bind(2, id.author.rawValue)
    insertItem.bind(3, operation.object)
    insertItem.bind(4, created)
    insertItem.bind(5, id.tieKey)
    insertItem.bind(6, StoredForm.readerKey(id, operation.flags))
    insertItem.bind(7, row.lastActive.nanoseconds)
    insertItem.bind(8, replies)
    insertItem.bind(9, payload)
    insertItem.bind(10, StoredForm.traits(of: operation))
    insertItem.bind(11, text)
    insertItem.bind(12, (containers.first ?? .none).rawValue)
    insertItem.bind(13, Int64(max(containers.count - 1, 0)))
    try insertItem.done()
    for (index, container) in containers.enumerated() {
      if index > 0 {
        insertFurther.bind(1, id.rawValue)
        insertFurther.bind(2, container.rawValue)
        try insertFurther.done()
      }
      insertListed.bind(6, StoredForm.readerKey(id, operation.flags))
      try write(row, to: container, by: insertListed)
      if !operation.flags.contains(.isPrivate) { try add(items: 1, ratings: 0, to: container) }
    }
  }

  /// Stores what has changed of an item, wherever it is shown.
  func update(_ item: PresentItem, ratingChange: Int64 = 0) throws(SQLiteFailure) {
    let row = item.row
    updateItem.bind(1, row.id.rawValue)
    updateItem.bind(2, row.lastActive.nanoseconds)
    updateItem.bind(3, row.ratingSum)
    updateItem.bind(4, row.ratingCount)
    updateItem.bind(5, row.replyCount)
    updateItem.bind(6, row.version)
    updateItem.bind(7, row.payload)
    updateItem.bind(8, row.voteSum)
    updateItem.bind(9, row.flagCount)
    updateItem.bind(10, row.downloadCount)
    updateItem.bind(11, item.text)
    try updateItem.done()
    for container in try containers(of: item) {
      try write(row, to: container, by: updateListed)
      if ratingChange != 0, !item.isPrivate { try add(items: 0, ratings: ratingChange, to: container) }
    }
  }

  func delete(_ item: PresentItem) throws(SQLiteFailure) {
    markDeleted.bind(1, item.row.id.rawValue)
    try markDeleted.done()
    for container in try containers(of: item) {
      bindPlace(removeListed, container, item.row)
      try removeListed.done()
      if !item.isPrivate { try add(items: -1, ratings: -Int64(item.row.ratingSum), to: container) }
    }
  }

  /// Puts a member's reaction in the place of its earlier one; 0 takes that back. Returns what that changes in the sum of
  /// values and in the number of members.
  func replaceReaction(_ operation: Operation) throws(SQLiteFailure) -> (value: Int32, count: Int32) {
    func bind(_ statement: Statement) {
      statement.bind(1, operation.subject.rawValue)
      statement.bind(2, Int64(operation.kind))
      statement.bind(3, operation.actor.rawValue)
    }
    bind(reaction)
    let earlier = try reaction.first { $0.int32(0) }
    if operation.value != 0 {
      bind(setReaction)
      setReaction.bind(4, operation.value)
      try setReaction.done()
    } else if earlier != nil {
      bind(removeReaction)
      try removeReaction.done()
    }
    return (operation.value &- (earlier ?? 0), (operation.value == 0 ? 0 : 1) - (earlier == nil ? 0 : 1))
  }

  /// Where an item is listed: nowhere, if it answers another.
  private func containers(of item: PresentItem) throws(SQLiteFailure) -> [ContainerID] {
    guard !item.isReply, item.container != .none else { return [] }
    guard item.furtherContainers > 0 else { return [item.container] }
    var containers = [item.container]
    further.bind(1, item.row.id.rawValue)
    var code = further.step()
    while code == SQLITE_ROW {
      containers.append(ContainerID(rawValue: UInt64(bitPattern: further.int(0))))
      code = further.step()
    }
    further.reset()
    guard code == SQLITE_DONE else { throw SQLiteFailure(code: code) }
    return containers
  }

  private func add(items: Int64, ratings: Int64, to container: ContainerID) throws(SQLiteFailure) {
    guard keepsTotals else { return }
    addToContainer.bind(1, container.rawValue)
    addToContainer.bind(2, items)
    addToContainer.bind(3, ratings)
    try addToContainer.done()
  }

  private func bindPlace(_ statement: Statement, _ container: ContainerID, _ row: ItemRow) {
    statement.bind(1, container.rawValue)
    statement.bind(2, row.created.nanoseconds)
    statement.bind(3, row.id.tieKey)
  }

  /// Writes the item's card.
  private func write(_ row: ItemRow, to container: ContainerID, by statement: Statement) throws(SQLiteFailure) {
    bindPlace(statement, container, row)
    statement.bind(4, row.lastActive.nanoseconds)
    let code = Card(row).withBytes { bytes in
      statement.bindBlob(5, bytes)
      return statement.run()
    }
    guard code == SQLITE_DONE else { throw SQLiteFailure(code: code) }
  }
}
