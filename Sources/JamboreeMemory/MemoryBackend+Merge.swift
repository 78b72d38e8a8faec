import JamboreeKit

extension MemoryBackend {
  /// Carries out what a tick's writes mean beyond the partition of the item: listings, replies, orders. Runs alone.
  func mergeTick() {
    var arrivals: [(key: OrderKey, arrival: Partition.Arrival)] = []
    for (number, partition) in partitions.enumerated() where hasEffects[number] {
      if !partition.arrivals.isEmpty {
        for arrival in partition.arrivals { arrivals.append((OrderKey(item(arrival.reference), .newest), arrival)) }
        partition.arrivals.removeAll(keepingCapacity: true)
      }
    }
    // In order of time: an answer may come in the same batch as what it answers.
    if arrivals.count > 1 { arrivals.sort { $0.key < $1.key } }
    for (_, arrival) in arrivals { place(arrival) }
    mergeWords()
    for (number, partition) in partitions.enumerated() where hasEffects[number] {
      hasEffects[number] = false
      if !partition.changes.isEmpty {
        for change in partition.changes { refresh(item(change.reference), ratingChange: change.ratingChange) }
        partition.changes.removeAll(keepingCapacity: true)
      }
      if !partition.deliveries.isEmpty { mergeDeliveries(of: partition) }
      if !partition.joins.isEmpty {
        for join in partition.joins where directory != nil { directory?.join(join.member, join.container) }
        partition.joins.removeAll(keepingCapacity: true)
      }
      if !partition.deletions.isEmpty {
        for deletion in partition.deletions { hide(item(deletion)) }
        partition.deletions.removeAll(keepingCapacity: true)
      }
    }
  }

  private func mergeWords() {
    var entries: [(key: OrderKey, entry: WordIndex.Entry)] = []
    for (number, partition) in partitions.enumerated() where hasEffects[number] && !partition.words.isEmpty {
      for entry in partition.words { entries.append((OrderKey(item(entry.reference), .newest), entry)) }
      partition.words.removeAll()
    }
    guard !entries.isEmpty else { return }
    entries.sort { $0.key < $1.key }
    words.enter(entries) { OrderKey(item($0), .newest) }
  }

  private func place(_ arrival: Partition.Arrival) {
    let new = item(arrival.reference)
    guard new.parent == .none else {
      answer(new)
      return
    }
    if !arrival.alsoListed.isEmpty { alsoListed[new.id] = arrival.alsoListed }
    forEachContainer(of: new) { container in
      if new.flags.contains(.isPrivate) { container.hasPrivate = true } else { container.publicCount += 1 }
      container.newest.insert(new, arrival.reference, locate) { self.item($0) }
      container.active.insert(new, arrival.reference, locate) { self.item($0) }
    }
  }

  /// Files a reply under what it answers, which becomes active again.
  private func answer(_ new: StoredItem) {
    // A reply to something that does not exist is kept and listed nowhere.
    guard let parentReference = locate(new.parent) else { return }
    let store = stores[parentReference.partition]
    let before = store.pointee.items[parentReference.index]
    // What is deleted is shown nowhere, and must keep the keys under which listings still have it until it is hidden.
    guard !before.isDeleted else { return }
    store.pointee.addReply(new, to: parentReference.index)
    let after = store.pointee.items[parentReference.index]
    guard after.parent == .none else {
      updateInThread(after)
      return
    }
    forEachContainer(of: after) { container in
      container.newest.update(after)
      if after.lastActive == before.lastActive {
        container.active.update(after)
      } else {
        // The store already holds the new key, so the old one is given by hand.
        container.active.remove(OrderKey(before, .active), after.id) { reference in
          reference == parentReference ? before : self.item(reference)
        }
        container.active.insert(after, parentReference, self.locate) { self.item($0) }
      }
    }
  }

  private func refresh(_ changed: StoredItem, ratingChange: Int32) {
    updateInThread(changed)
    guard changed.parent == .none else { return }
    let counted = changed.flags.contains(.isPrivate) ? 0 : Int64(ratingChange)
    forEachContainer(of: changed) { container in
      container.ratingSum += counted
      container.newest.update(changed)
      container.active.update(changed)
    }
  }

  private func updateInThread(_ item: StoredItem) {
    guard item.parent != .none, let parent = locate(item.parent) else { return }
    stores[parent.partition].pointee.updateReply(item.row, to: parent.index)
  }

  private func hide(_ deleted: StoredItem) {
    guard deleted.parent == .none else {
      if let parent = locate(deleted.parent), stores[parent.partition].pointee.removeReply(deleted.row, to: parent.index) {
        refresh(item(parent), ratingChange: 0)
      }
      return
    }
    let isCounted = !deleted.flags.contains(.isPrivate)
    forEachContainer(of: deleted) { container in
      if isCounted {
        container.publicCount -= 1
        container.ratingSum -= Int64(deleted.ratingSum)
      }
      container.newest.remove(OrderKey(deleted, .newest), deleted.id) { self.item($0) }
      container.active.remove(OrderKey(deleted, .active), deleted.id) { self.item($0) }
    }
  }

  @inline(__always) private func forEachContainer(of item: StoredItem, _ body: (inout Container) -> Void) {
    if item.container != .none { body(&containers.pointee.make(item.container).pointee) }
    if !alsoListed.isEmpty, let others = alsoListed[item.id] {
      for other in others { body(&containers.pointee.make(other).pointee) }
    }
  }
}
