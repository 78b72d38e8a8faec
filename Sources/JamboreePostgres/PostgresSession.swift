import CLibPQ
import Glibc
import JamboreeKit

extension PostgresBackend {
  /// A number of connections in pipeline mode. Writes with the same owner take the same connection, so that they take effect
  /// in the order in which they were submitted; reads take the connections in turn.
  public final class Session: PipelinedStorageSession {
    private let connections: [PipelineConnection]
    private var turn = 0

    init(_ connections: [PipelineConnection]) { self.connections = connections }

    public func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
      connection(for: operation).submit(Request(operation, arguments: arguments, token: token))
    }

    public func submitAtomically(_ group: borrowing OperationGroup, token: Token) {
      guard group.count > 0 else { return connections[0].finish(Request(group, token: token)) }
      var first = group.operations[0]
      for index in 0..<group.count where group.operations[index].verb.isWrite {
        first = group.operations[index]
        break
      }
      connection(for: first).submit(Request(group, token: token))
    }

    private func connection(for operation: Operation) -> PipelineConnection {
      if operation.verb.isWrite {
        return connections[Int(mix64(operation.ownerKey) % UInt64(connections.count))]
      }
      for _ in connections.indices {
        turn = (turn + 1) % connections.count
        if connections[turn].isUp { break }
      }
      return connections[turn]
    }

    public func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
      while true {
        for connection in connections {
          collect(connection, into: &completions)
          connection.flush()
          // Sending may have brought something in, or the end of the connection.
          collect(connection, into: &completions)
        }
        if completions.count > 0 || connections.allSatisfy(\.isIdle) {
          reconnect()
          return
        }
        let now = monotonicNow()
        let isLate = now >= deadline.nanoseconds
        wait(isLate ? 0 : min(deadline.nanoseconds - now, 1_000_000_000))
        if isLate {
          for connection in connections { collect(connection, into: &completions) }
          return
        }
      }
    }

    /// Gives every connection that is down a chance to come back.
    private func reconnect() {
      for connection in connections where !connection.isUp { connection.connect() }
    }

    private func collect(_ connection: PipelineConnection, into completions: inout CompletionBatch) {
      while !completions.isFull, let request = connection.next() { complete(request, &completions) }
      for request in connection.takeAgain() { connection.submit(request) }
      while !completions.isFull, let request = connection.takeUnanswered() { complete(request, &completions) }
    }

    private func complete(_ request: Request, _ completions: inout CompletionBatch) {
      var answer = request.answer
      var reply = Reply()
      if !request.isGroup {
        decode(request.operations[0], &answer, into: &reply)
      } else {
        decodeGroup(request, &answer, into: &reply)
      }
      answer.clear()
      completions.complete(request.token, answer.outcome) { swap(&$0, &reply) }
    }

    /// Rows of all reads in order; the version is that of the last write that gives one.
    private func decodeGroup(_ request: Request, _ answer: inout Answer, into reply: inout Reply) {
      reply.version = answer.version
      guard answer.outcome == .ok, request.resultStarts.count == request.operations.count + 1 else { return }
      for (index, operation) in request.operations.enumerated() {
        let results = answer.results[request.resultStarts[index]..<request.resultStarts[index + 1]]
        var part = Answer(results: Array(results))
        let version = reply.version
        decode(operation, &part, into: &reply)
        if reply.version == 0 { reply.version = version }
        if part.outcome != .ok { answer.outcome = part.outcome }
      }
    }

    /// Waits until a socket has something, or a connection may be tried again.
    private func wait(_ nanoseconds: UInt64) {
      var descriptors: [pollfd] = []
      var owners: [PipelineConnection] = []
      var limit = nanoseconds
      let now = monotonicNow()
      for connection in connections {
        if let retry = connection.retryAt {
          limit = min(limit, retry > now ? retry - now : 0)
        } else if connection.socket >= 0 {
          descriptors.append(pollfd(fd: connection.socket, events: connection.events, revents: 0))
          owners.append(connection)
        }
      }
      var time = timespec(tv_sec: Int(limit / 1_000_000_000), tv_nsec: Int(limit % 1_000_000_000))
      _ = ppoll(&descriptors, nfds_t(descriptors.count), &time, nil)
      for (index, owner) in owners.enumerated() where descriptors[index].revents != 0 { owner.receive() }
      reconnect(onlyDown: true)
    }

    private func reconnect(onlyDown: Bool) {
      for connection in connections where connection.retryAt != nil { connection.connect() }
    }
  }
}
