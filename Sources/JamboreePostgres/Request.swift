import JamboreeKit

/// One request that is under way. A single operation without arguments is in here whole, so that it costs no memory of its own.
struct Request {
  let token: Token
  /// The only one; of a group, the one whose owner says where it goes.
  let operation: Operation
  /// What does not fit beside the operation: its arguments, or a group.
  let list: RequestList?
  let isGroup: Bool
  let isWrite: Bool
  var tries: UInt8 = 1

  init(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
    self.token = token
    self.operation = operation
    list = arguments.isEmpty ? nil : RequestList(operation, arguments)
    isGroup = false
    isWrite = operation.verb.isWrite
  }

  /// - Parameter group: not empty.
  init(_ group: borrowing OperationGroup, token: Token) {
    self.token = token
    let list = RequestList(group)
    operation = list.operations.first { $0.verb.isWrite } ?? list.operations[0]
    self.list = list
    isGroup = true
    isWrite = true
  }
}

/// The operations of a request that has more than one, or arguments.
final class RequestList {
  let operations: [Operation]
  private let arguments: [UInt64]
  /// Where those of each operation begin, and where the last one's end.
  private let argumentStarts: [Int]
  /// Whom the group's writes belong to, beside the first one's owner, as ``OwnerPlaces`` counts them.
  var claims: [Int] = []

  init(_ operation: Operation, _ arguments: Span<UInt64>) {
    operations = [operation]
    self.arguments = arguments.withUnsafeBufferPointer { Array($0) }
    argumentStarts = [0, arguments.count]
  }

  init(_ group: borrowing OperationGroup) {
    operations = group.operations.withUnsafeBufferPointer { Array($0) }
    arguments = group.arguments.withUnsafeBufferPointer { Array($0) }
    argumentStarts = group.argumentStarts.withUnsafeBufferPointer { $0.map { Int($0) } }
  }

  func withArguments<Result>(of index: Int, _ body: (Span<UInt64>) -> Result) -> Result {
    let all = arguments
    let span = all.span
    return body(span.extracting(argumentStarts[index]..<argumentStarts[index + 1]))
  }
}

/// Which connection the writes of each owner are under way on: those of one owner must not overtake each other.
///
/// A table of counters by a hash of the owner, without the owners themselves: two that meet in a place share a connection, which
/// does no harm, and nothing is ever allocated or searched.
final class OwnerPlaces {
  private struct Place {
    var connection: Int32 = 0
    var underWay: Int32 = 0
  }

  private static let size = 4_096
  private let places: UnsafeMutablePointer<Place>

  init() {
    places = .allocate(capacity: Self.size)
    places.initialize(repeating: Place(), count: Self.size)
  }

  deinit { places.deallocate() }

  private func index(_ owner: UInt64) -> Int { Int(mix64(owner) & UInt64(Self.size - 1)) }

  /// Finds a request's connection, and keeps it for the owner until the write is released.
  /// - Parameter free: the connection for an owner of whom nothing is under way.
  func claim(_ request: Request, free: () -> Int) -> Int {
    let first = index(request.operation.ownerKey)
    if places[first].underWay == 0 { places[first].connection = Int32(truncatingIfNeeded: free()) }
    places[first].underWay += 1
    let connection = places[first].connection
    if request.isGroup, let list = request.list {
      for operation in list.operations where operation.verb.isWrite {
        let other = index(operation.ownerKey)
        // An owner who has something under way elsewhere stays there: the first one's order is what counts.
        guard other != first, places[other].underWay == 0 || places[other].connection == connection else { continue }
        places[other].connection = connection
        places[other].underWay += 1
        list.claims.append(other)
      }
    }
    return Int(connection)
  }

  /// A request has come to its end.
  func release(_ request: Request) {
    guard request.isWrite else { return }
    places[index(request.operation.ownerKey)].underWay -= 1
    guard let list = request.list else { return }
    for place in list.claims { places[place].underWay -= 1 }
  }
}
