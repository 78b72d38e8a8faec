import CLibPQ
import Glibc
import JamboreeKit

extension PostgresBackend {
  /// A number of connections in pipeline mode. What is submitted goes to the one with the fewest requests under way; a write
  /// of whose owner another write is under way follows that one, so that they take effect in the order in which they were
  /// submitted.
  public final class Session: PipelinedStorageSession {
    private let connections: [PipelineConnection]
    private let owners: OwnerPlaces
    /// What is waited for at the connections' sockets, in their order.
    private let descriptors: UnsafeMutablePointer<pollfd>
    /// Where the search for a connection begins, so that all are used when little is under way.
    @exclusivity(unchecked) private var turn = 0
    /// The connection on which a request has failed last.
    private var lastFailed = 0

    init(_ connections: [PipelineConnection], owners: OwnerPlaces) {
      self.connections = connections
      self.owners = owners
      descriptors = .allocate(capacity: connections.count)
      descriptors.initialize(repeating: pollfd(), count: connections.count)
    }

    deinit { descriptors.deallocate() }

    public var lastErrorText: String { connections[lastFailed].lastErrorText }

    public func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
      send(Request(operation, arguments: arguments, token: token), arguments)
    }

    public func submitAtomically(_ group: borrowing OperationGroup, token: Token) {
      guard group.count > 0 else { return connections[0].acknowledge(token) }
      send(Request(group, token: token), Span())
    }

    private func send(_ request: Request, _ arguments: Span<UInt64>) {
      let place = request.isWrite ? owners.claim(request) { leastLoaded() } : leastLoaded()
      connections[place].submit(request, arguments: arguments)
    }

    /// The connection with the fewest requests under way, of those that are up.
    private func leastLoaded() -> Int {
      var best = turn
      var fewest = Int.max
      var place = turn
      for _ in 0..<connections.count {
        place = place + 1 < connections.count ? place + 1 : 0
        let load = connections[place].load
        if load < fewest {
          (best, fewest) = (place, load)
          if load == 0 { break }
        }
      }
      turn = best
      return best
    }

    public func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
      var isLate = false
      while true {
        var isIdle = true
        for place in 0..<connections.count {
          connections[place].flush()
          let first = completions.count
          connections[place].collect(into: &completions)
          for position in first..<completions.count where completions.outcome(at: position).isError { lastFailed = place }
          if !connections[place].isIdle { isIdle = false }
        }
        if completions.count > 0 || isIdle || isLate { return reconnect() }
        isLate = wait(until: deadline)
      }
    }

    /// Gives every connection that is not up a chance to come back.
    private func reconnect() {
      for place in 0..<connections.count where !connections[place].isUp { connections[place].connect() }
    }

    /// Waits until a socket has something, a connection may be tried again, or the deadline has passed.
    /// - Returns: whether it had passed beforehand; sockets are looked at then, too.
    private func wait(until deadline: MonotonicInstant) -> Bool {
      let now = monotonicNow()
      let isLate = now >= deadline.nanoseconds
      // A connection that is being made has a time limit of its own, which somebody has to look at.
      var limit = isLate ? 0 : min(deadline.nanoseconds - now, 1_000_000_000)
      for place in 0..<connections.count {
        let connection = connections[place]
        let wakesAt = connection.wakesAt
        if wakesAt != .max { limit = min(limit, wakesAt > now ? wakesAt - now : 0) }
        // A number below zero is passed over.
        descriptors[place].fd = connection.retryAt == nil ? connection.socket : -1
        descriptors[place].events = connection.events
        descriptors[place].revents = 0
      }
      var time = timespec(tv_sec: Int(limit / 1_000_000_000), tv_nsec: Int(limit % 1_000_000_000))
      if ppoll(descriptors, nfds_t(connections.count), &time, nil) > 0 {
        for place in 0..<connections.count where descriptors[place].revents != 0 { connections[place].receive() }
      }
      reconnect()
      return isLate
    }
  }
}
