import CSQLite
import JamboreeKit

/// The index of words: for each word the items that have it, newest first.
struct WordStatements {
  private let insert: Statement
  private let remove: Statement
  private let body: Statement

  init(_ connection: Connection) throws(BackendError) {
    insert = try connection.prepare("INSERT OR IGNORE INTO word VALUES (?1, ?2, ?3, ?4, ?5)")
    remove = try connection.prepare("DELETE FROM word WHERE word = ?1 AND created = ?2 AND tie = ?3")
    body = try connection.prepare("SELECT body FROM text WHERE id = ?1")
  }

  func insert(
    _ text: UnsafeRawBufferPointer, of id: ItemID, at created: SimTime, _ flags: OperationFlags
  ) throws(SQLiteFailure) {
    insert.bind(2, created.nanoseconds)
    insert.bind(3, id.tieKey)
    insert.bind(4, id.rawValue)
    insert.bind(5, StoredForm.readerKey(id, flags))
    try forEachWord(text) { (word) throws(SQLiteFailure) in
      insert.bindText(1, word)
      try insert.done()
    }
  }

  /// Takes the words of an item's present text out.
  func remove(of item: PresentItem) throws(SQLiteFailure) {
    body.bind(1, item.text)
    let text = try body.first { Array($0.bytes(0)) } ?? []
    remove.bind(2, item.row.created.nanoseconds)
    remove.bind(3, item.row.id.tieKey)
    var failure: SQLiteFailure?
    text.withUnsafeBytes { bytes in
      do throws(SQLiteFailure) {
        try forEachWord(bytes) { (word) throws(SQLiteFailure) in
          remove.bindText(1, word)
          try remove.done()
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func forEachWord(
    _ text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(SQLiteFailure) -> Void
  ) throws(SQLiteFailure) {
    var start = 0
    let length = Payload.searchedLength(of: text)
    for end in 0...length where end == length || text[end] == UInt8(ascii: " ") || text[end] == UInt8(ascii: ".") {
      if end > start { try body(UnsafeRawBufferPointer(rebasing: text[start..<end])) }
      start = end + 1
    }
  }
}
