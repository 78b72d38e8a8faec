import JamboreeKit

/// Puts one page of those whom a member follows together: says which read comes next, takes in what each finds, and has at the end
/// what the member is shown. One object for one look at a time, used again and again.
///
/// | strategy | reads |
/// |---|---|
/// | pull | `connections`, then `recentByAuthors` of those |
/// | push | `inbox` |
/// | hybrid | `inbox`, then `recentByAuthors` of the followed authors who are pulled |
///
/// An inbox is read as far as the page needs. It also has what the page does not show: items of authors who are not followed any
/// more, or by another kind of tie only. Where leaving them out leaves too few, more of it is read.
final class FeedAssembly {
  private enum Stage { case connections, recent, inbox, pulled, ended }

  @exclusivity(unchecked) private var read = FeedRead(action: ActionID(0), actor: MemberID(0), intended: .zero, kind: .follow)
  @exclusivity(unchecked) private var stage = Stage.ended
  @exclusivity(unchecked) private var limit = 0
  @exclusivity(unchecked) private var showsAll = false
  /// Those followed who count, ascending.
  @exclusivity(unchecked) private var authors = Buffer<UInt64>(capacity: 256)
  /// Those of them whose items are asked for, ascending; the reader may be among them.
  @exclusivity(unchecked) private var pulled = Buffer<UInt64>(capacity: 16)
  /// What is shown where it is not what the last read found.
  let merged: UnsafeMutablePointer<Reply>
  @exclusivity(unchecked) private var spare = ItemColumns(capacity: 64)
  /// Whether ``merged`` is what is shown.
  @exclusivity(unchecked) private(set) var isMerged = false
  /// Whether the last read's items are ranked.
  @exclusivity(unchecked) private(set) var isRanked = false

  init() {
    merged = .allocate(capacity: 1)
    merged.initialize(to: Reply())
  }

  deinit {
    merged.deinitialize(count: 1)
    merged.deallocate()
  }

  var pageLength: Int { Int(read.pageLength) }

  /// Begins a look.
  func begin(_ read: FeedRead, _ feeds: FeedSystem?) {
    self.read = read
    isMerged = false
    isRanked = false
    authors.removeAll()
    pulled.removeAll()
    guard let feeds, feeds.delivers, let number = feeds.index(of: read.kind) else {
      stage = .connections
      return
    }
    let index = feeds.indexes[number]
    let actor = read.actor.rawValue
    var isOwnDue = read.showsOwn && index.isPulled(actor)
    index.forEachFollowed(by: actor, limit: Int(read.authors)) { author in
      authors.append(UInt64(author))
      guard index.isPulled(author) || feeds.isFresh(author, for: actor, index: number) else { return }
      if isOwnDue, actor <= author {
        isOwnDue = false
        if actor < author { pulled.append(UInt64(actor)) }
      }
      pulled.append(UInt64(author))
    }
    if isOwnDue { pulled.append(UInt64(actor)) }
    stage = .inbox
    showsAll = feeds.showsAll
    limit = min(Int(read.window), inboxCapacity)
  }

  /// The next read, with its list put into `arguments`; nil when the page is there.
  func next(into arguments: inout Buffer<UInt64>) -> Operation? {
    switch stage {
    case .connections:
      var operation = read.operation(.connections)
      operation.object = UInt64(read.actor.rawValue)
      operation.kind = read.kind.rawValue
      operation.limit = read.authors
      return operation
    case .recent:
      appendAuthors(to: &arguments)
      return recent()
    case .inbox:
      var operation = read.operation(.inbox)
      operation.limit = UInt16(limit)
      return operation
    case .pulled:
      arguments.append(pulled)
      return recent()
    case .ended: return nil
    }
  }

  private func recent() -> Operation {
    var operation = read.operation(.recentByAuthors)
    operation.limit = read.window
    return operation
  }

  /// In order, as backends like them best: connections come ascending, and the reader is put in between.
  private func appendAuthors(to arguments: inout Buffer<UInt64>) {
    let own = UInt64(read.actor.rawValue)
    var isOwnDue = read.showsOwn
    for place in 0..<authors.count {
      let author = authors[place]
      if isOwnDue, own <= author {
        isOwnDue = false
        if own < author { arguments.append(own) }
      }
      arguments.append(author)
    }
    if isOwnDue { arguments.append(own) }
  }

  /// Takes in what a read has found.
  /// - Returns: true when it was the last one: what is shown is then ``merged`` or the reply itself, by ``isMerged``.
  func take(_ outcome: Outcome, _ reply: borrowing Reply) -> Bool {
    guard outcome == .ok else {
      // Whatever had been found before: without a part of it there is no page. A read of items is ranked, whatever came of it.
      isRanked = read.pageLength > 0 && stage == .recent
      stage = .ended
      return true
    }
    switch stage {
    case .connections:
      for key in reply.keys { authors.append(key) }
      // Who follows nobody has nothing to choose from. A mere look for news asks nevertheless, as it always does.
      stage = authors.isEmpty && read.pageLength > 0 ? .ended : .recent
    case .recent:
      isRanked = read.pageLength > 0
      stage = .ended
    case .inbox: takeInbox(reply)
    case .pulled:
      merge(reply)
      isRanked = read.pageLength > 0
      stage = .ended
    case .ended: break
    }
    return stage == .ended
  }

  private func takeInbox(_ reply: borrowing Reply) {
    isMerged = true
    merged.pointee.reset()
    let window = Int(read.window)
    // Who follows nobody is shown nothing, own items included: as when it is pulled.
    let showsAny = showsAll || !authors.isEmpty || read.pageLength == 0
    var row = 0
    while row < reply.items.count, merged.pointee.items.count < window, showsAny {
      if isShown(reply.items.id(at: row).author) { merged.pointee.items.append(reply.items[row]) }
      row += 1
    }
    if merged.pointee.items.count < window, showsAny, reply.items.count == limit, limit < inboxCapacity {
      limit = min(limit * 4, inboxCapacity)
    } else if !pulled.isEmpty, showsAny {
      stage = .pulled
    } else {
      isRanked = read.pageLength > 0 && showsAny
      stage = .ended
    }
  }

  private func isShown(_ author: MemberID) -> Bool {
    if showsAll { return true }
    let key = UInt64(author.rawValue)
    var (low, high) = (0, authors.count)
    while low < high {
      let middle = (low + high) / 2
      if authors[middle] < key { low = middle + 1 } else { high = middle }
    }
    if low < authors.count, authors[low] == key { return true }
    return read.showsOwn && author == read.actor
  }

  /// Puts what pulled authors have published between what the inbox had: newest first, what is in both once.
  private func merge(_ reply: borrowing Reply) {
    spare.removeAll()
    let window = Int(read.window)
    var (own, other) = (0, 0)
    while spare.count < window {
      if own < merged.pointee.items.count, other < reply.items.count {
        let (a, b) = (merged.pointee.items[own], reply.items[other])
        if a.id == b.id {
          spare.append(b)
          own += 1
          other += 1
        } else if a.created != b.created ? a.created > b.created : a.id.tieBreak > b.id.tieBreak {
          spare.append(a)
          own += 1
        } else {
          spare.append(b)
          other += 1
        }
      } else if own < merged.pointee.items.count {
        spare.append(merged.pointee.items[own])
        own += 1
      } else if other < reply.items.count {
        spare.append(reply.items[other])
        other += 1
      } else {
        break
      }
    }
    swap(&spare, &merged.pointee.items)
  }
}
