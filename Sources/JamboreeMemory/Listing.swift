import JamboreeKit

/// The items of one container in one order, best first.
///
/// The first few hundred, which nearly every reader wants, are kept ready as columns and copied in blocks; the others
/// are references in ascending order, so that one that leaves the front is appended.
struct Listing: ~Copyable {
  private static let hotLimit = 512
  private static let hotKeep = 256

  let order: ListingOrder
  private var hot = ItemColumns(capacity: 8)
  private var cold: [ItemReference] = []

  init(order: ListingOrder) { self.order = order }

  var count: Int { hot.count + cold.count }

  /// Looks an item up in the store.
  typealias Store = (ItemReference) -> StoredItem

  mutating func insert(_ item: StoredItem, _ reference: ItemReference, _ locate: (ItemID) -> ItemReference?, _ store: Store) {
    let key = OrderKey(item, order)
    if !cold.isEmpty, key < OrderKey(store(cold[cold.count - 1]), order) {
      cold.insert(reference, at: coldPlace(of: key, store))
      return
    }
    hot.insert(item.row, at: hotPlace(of: key))
    guard hot.count > Self.hotLimit else { return }
    // The last of the hot ones are all before the cold ones: append them, last first.
    for index in stride(from: hot.count - 1, through: Self.hotKeep, by: -1) {
      if let reference = locate(hot.id(at: index)) { cold.append(reference) }
    }
    hot.truncate(to: Self.hotKeep)
  }

  /// Takes an item out; `key` is the one under which it was put in.
  mutating func remove(_ key: OrderKey, _ id: ItemID, _ store: Store) {
    let place = hotPlace(of: key)
    if place < hot.count, hot.id(at: place) == id {
      hot.remove(at: place)
      return
    }
    let coldIndex = coldPlace(of: key, store)
    if coldIndex < cold.count, store(cold[coldIndex]).id == id { cold.remove(at: coldIndex) }
  }

  /// An item's counts have changed; its key has not.
  mutating func update(_ item: StoredItem) {
    let place = hotPlace(of: OrderKey(item, order))
    if place < hot.count, hot.id(at: place) == item.id { hot.update(item.row, at: place) }
  }

  /// Shows up to `limit` items after the first `skip` in the reply. Private items are left out of it for others.
  func read(skip: Int, limit: Int, viewer: MemberID, hasPrivate: Bool, into reply: inout Reply, _ store: Store) {
    if !hasPrivate {
      let fromHot = max(min(limit, hot.count - skip), 0)
      if fromHot > 0, fromHot == limit || cold.isEmpty {
        // Nothing is written while replies are read, so the rows are lent.
        reply.items.borrow(hot, from: skip, count: fromHot)
        return
      }
      if fromHot > 0 { reply.items.append(hot, from: skip, count: fromHot) }
      var position = cold.count - 1 - max(skip - hot.count, 0)
      while reply.items.count < limit, position >= 0 {
        reply.items.append(store(cold[position]).row)
        position -= 1
      }
      return
    }
    var left = skip
    var position = 0
    while position < count, reply.items.count < limit {
      let row = position < hot.count ? hot[position] : store(cold[cold.count - 1 - (position - hot.count)]).row
      position += 1
      guard !row.flags.contains(.isPrivate) || row.id.author == viewer else { continue }
      if left > 0 {
        left -= 1
      } else {
        reply.items.append(row)
      }
    }
  }

  /// Where a key is, or belongs, among the hot ones (descending).
  private func hotPlace(of key: OrderKey) -> Int {
    var low = 0
    var high = hot.count
    while low < high {
      let middle = (low + high) / 2
      let time = order == .newest ? hot.createdSpan[middle] : hot.lastActiveSpan[middle]
      if OrderKey(time: time, id: hot.id(at: middle)) > key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Where a key is, or belongs, among the cold ones (ascending).
  private func coldPlace(of key: OrderKey, _ store: Store) -> Int {
    var low = 0
    var high = cold.count
    while low < high {
      let middle = (low + high) / 2
      if OrderKey(store(cold[middle]), order) < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
