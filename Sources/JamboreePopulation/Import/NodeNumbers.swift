import Glibc

/// Gives the nodes of an edge list numbers from 0 on, in the order in which they are first seen.
///
/// Nodes of a small id, as nearly all lists have them, are looked up in a table by id: of its memory only the pages that are
/// touched are there, so it takes four bytes a node where ids are dense and at most a gibibyte where they are not. All others are hashed,
/// which takes some fifty to a hundred bytes a node.
struct NodeNumbers: ~Copyable {
  private static let tableSize = 1 << 28

  /// Number plus 1; 0 for an id that was not seen.
  private let table: UnsafeMutablePointer<UInt32>
  private var others: [UInt128: UInt32] = [:]
  private(set) var count = 0

  /// - Throws: when the system refuses the address space, as under `ulimit -v`.
  init(path: String) throws(EdgeListError) {
    // Zero pages come from the system as they are touched.
    let memory = mmap(nil, Self.tableSize * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      throw EdgeListError(
        path: path, line: nil, message: "cannot be read: the system refuses a gibibyte of address space for the node ids; raise the limit (ulimit -v)")
    }
    table = memory.bindMemory(to: UInt32.self, capacity: Self.tableSize)
  }

  deinit { munmap(table, Self.tableSize * 4) }

  /// The node's number: a new one if it was not seen before.
  @inline(__always) mutating func number(of id: UInt128) -> UInt32 {
    if id < UInt128(Self.tableSize) {
      let place = table + Int(truncatingIfNeeded: id)
      if place.pointee != 0 { return place.pointee &- 1 }
      count &+= 1
      place.pointee = UInt32(truncatingIfNeeded: count)
      return UInt32(truncatingIfNeeded: count &- 1)
    }
    return numberOfOther(id)
  }

  @inline(never) private mutating func numberOfOther(_ id: UInt128) -> UInt32 {
    if let number = others[id] { return number }
    count += 1
    others[id] = UInt32(truncatingIfNeeded: count - 1)
    return UInt32(truncatingIfNeeded: count - 1)
  }

  /// Each node's rank among the ids, by its number: what makes the result independent of the order of the lines.
  func ranks() -> [UInt32] {
    var ranks = [UInt32](repeating: 0, count: count)
    var rank: UInt32 = 0
    var missing = count - others.count
    var id = 0
    while missing > 0 {
      if table[id] != 0 {
        ranks[Int(table[id] &- 1)] = rank
        rank += 1
        missing -= 1
      }
      id += 1
    }
    for id in others.keys.sorted() {
      ranks[Int(others[id] ?? 0)] = rank
      rank += 1
    }
    return ranks
  }
}
