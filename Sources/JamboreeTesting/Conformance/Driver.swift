import Glibc
import JamboreeKit

/// A session of either protocol, as the checks drive it: calls in, answers out in the same order.
protocol Driver: AnyObject {
  func perform(_ calls: [Call]) throws -> [Answer]
  func perform(group: [Call]) throws -> Answer
}

extension Driver {
  func perform(_ call: Call) throws -> Answer {
    guard let answer = try perform([call]).first else { throw ConformanceFailure("\(call.text) got no answer") }
    return answer
  }
}

/// Opens a session of whichever protocol.
func openDriver(_ instance: BackendInstance, session: SessionID, timeoutNanoseconds: UInt64) throws -> any Driver {
  switch instance {
  case .blocking(let backend): BlockingDriver(try backend.openSession(session))
  case .pipelined(let backend):
    PipelinedDriver(try backend.openSession(session, connections: 2), timeoutNanoseconds: timeoutNanoseconds)
  }
}

final class BlockingDriver: Driver {
  private let session: any StorageSession
  private var reply = Reply()

  init(_ session: any StorageSession) { self.session = session }

  func perform(_ calls: [Call]) -> [Answer] {
    calls.map { call in
      reply.reset()
      let outcome = session.execute(call.operation, arguments: call.arguments.span, into: &reply)
      return Answer(outcome, reply)
    }
  }

  func perform(group: [Call]) -> Answer {
    reply.reset()
    let parts = GroupParts(group)
    let outcome = session.executeAtomically(
      OperationGroup(operations: parts.operations.span, argumentStarts: parts.starts.span, arguments: parts.arguments.span),
      into: &reply)
    return Answer(outcome, reply)
  }
}

/// Submits all calls before it polls for the first, and holds the session to its contract while it waits.
final class PipelinedDriver: Driver {
  private let session: any PipelinedStorageSession
  private let timeoutNanoseconds: UInt64
  /// Small and odd, so that a session must leave completions for the next poll.
  private var batch: CompletionBatch
  private var nextToken: UInt64 = 1
  private static let window = 64

  init(_ session: any PipelinedStorageSession, timeoutNanoseconds: UInt64, batchCapacity: Int = 7) {
    self.session = session
    self.timeoutNanoseconds = timeoutNanoseconds
    batch = CompletionBatch(capacity: batchCapacity)
  }

  func perform(_ calls: [Call]) throws -> [Answer] {
    var answers: [Answer] = []
    var start = 0
    while start < calls.count {
      let window = calls[start..<min(start + Self.window, calls.count)]
      let first = nextToken
      for call in window {
        session.submit(call.operation, arguments: call.arguments.span, token: Token(rawValue: nextToken))
        nextToken += 1
      }
      answers += try collect(first, window.map(\.text))
      start = window.endIndex
    }
    return answers
  }

  func perform(group: [Call]) throws -> Answer {
    let parts = GroupParts(group)
    let first = nextToken
    nextToken += 1
    session.submitAtomically(
      OperationGroup(operations: parts.operations.span, argumentStarts: parts.starts.span, arguments: parts.arguments.span),
      token: Token(rawValue: first))
    let answers = try collect(first, ["a group of \(group.count)"])
    guard let answer = answers.first else { throw ConformanceFailure("a group of \(group.count) got no answer") }
    return answer
  }

  /// Polls until every token from `first` on has completed, and once more for what should not come.
  private func collect(_ first: UInt64, _ names: [String]) throws -> [Answer] {
    var answers = [Answer?](repeating: nil, count: names.count)
    var left = names.count
    let deadline = monotonicNanoseconds() + timeoutNanoseconds
    while left > 0 {
      let now = monotonicNanoseconds()
      if now >= deadline {
        let missing = answers.firstIndex { $0 == nil } ?? 0
        throw ConformanceFailure(
          "\(names[missing]) was submitted and never completed: expected a completion within "
            + "\(timeoutNanoseconds / 1_000_000) ms, got \(names.count - left) of \(names.count)")
      }
      let found = try poll(first, names, until: deadline, &answers)
      left -= found
      // A session that returns early with nothing must not burn the core that its backend may need.
      if found == 0 { usleep(200) }
    }
    _ = try poll(first, names, until: monotonicNanoseconds() + 100_000, &answers)
    return answers.compactMap { $0 }
  }

  private func poll(_ first: UInt64, _ names: [String], until deadline: UInt64, _ answers: inout [Answer?]) throws -> Int {
    batch.removeAll()
    session.poll(until: MonotonicInstant(nanoseconds: deadline), into: &batch)
    for position in 0..<batch.count {
      let token = batch.token(at: position).rawValue
      guard token >= first, token < first + UInt64(names.count) else {
        let reason = token > 0 && token < first ? "had completed before" : "was never submitted"
        throw ConformanceFailure("token \(token) completed, which \(reason): expected each token to complete exactly once")
      }
      let index = Int(token - first)
      guard answers[index] == nil else {
        throw ConformanceFailure("\(names[index]) completed twice: expected each token to complete exactly once")
      }
      let outcome = batch.outcome(at: position)
      answers[index] = batch.withReply(at: position) { Answer(outcome, $0) }
    }
    return batch.count
  }
}

/// A group's operations and arguments in the form that ``OperationGroup`` lends.
struct GroupParts {
  var operations: [Operation] = []
  var starts: [UInt32] = [0]
  var arguments: [UInt64] = []

  init(_ calls: [Call]) {
    for call in calls {
      operations.append(call.operation)
      arguments += call.arguments
      starts.append(UInt32(arguments.count))
    }
  }
}

func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
