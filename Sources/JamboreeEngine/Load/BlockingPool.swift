import DequeModule
import Dispatch
import Glibc
import JamboreeKit
import Synchronization

/// Blocking sessions as one with many requests under way: each has a thread of its own, so that a call that waits keeps
/// nobody else from his.
///
/// Writes of one owner go to one thread, in their order; reads to whichever is free.
final class BlockingPool: PipelinedStorageSession, @unchecked Sendable {
  // Safe to share: what several threads touch lies in `state`.
  private struct Request {
    let call: RecordedCall
    let token: Token
  }

  private struct State {
    /// By thread.
    var writes: [Deque<Request>]
    var reads: Deque<Request> = []
    var answers: Deque<Answer> = []
    var spareReplies: [Box] = []
    var underWay = 0
    var isClosed = false
  }

  private struct Answer {
    let token: Token
    let outcome: Outcome
    let reply: Box
    let errorText: String
  }

  /// Dispatch has no more threads than some 255 for all queues together.
  static let mostThreads = 200

  /// A reply on its way from a thread to the worker.
  private final class Box {
    var reply = Reply()
  }

  private let state: UnsafeMutablePointer<State>
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let hasWork: UnsafeMutablePointer<pthread_cond_t>
  private let hasAnswer: UnsafeMutablePointer<pthread_cond_t>
  private let threads = DispatchGroup()
  private let threadCount: Int

  private let writesOnFirst: Bool
  private(set) var lastErrorText = ""

  /// - Parameters:
  ///   - sessions: one a thread; at least one.
  ///   - writesOnFirst: all writes go to the first session.
  init(_ sessions: [any StorageSession], writesOnFirst: Bool) {
    self.writesOnFirst = writesOnFirst
    threadCount = sessions.count
    state = .allocate(capacity: 1)
    state.initialize(to: State(writes: Array(repeating: [], count: sessions.count)))
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    hasWork = .allocate(capacity: 1)
    hasAnswer = .allocate(capacity: 1)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // Deadlines are on this clock.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(hasWork, &attributes)
    pthread_cond_init(hasAnswer, &attributes)
    pthread_condattr_destroy(&attributes)
    for (number, session) in sessions.enumerated() {
      let own = UncheckedBox(session)
      let pool = Unmanaged.passUnretained(self)
      // `deinit` waits for the threads.
      let unowned = UncheckedBox(pool)
      DispatchQueue(label: "jamboree.session.\(number)", qos: .userInitiated).async(group: threads) {
        unowned.value._withUnsafeGuaranteedRef { $0.serve(number, own.value) }
      }
    }
  }

  /// Takes no more requests, forgets those that no thread has begun, and waits for the others.
  /// - Returns: whether all threads have ended.
  @discardableResult func close(withinSeconds seconds: Double) -> Bool {
    pthread_mutex_lock(lock)
    state.pointee.isClosed = true
    state.pointee.reads.removeAll()
    for thread in state.pointee.writes.indices { state.pointee.writes[thread].removeAll() }
    pthread_cond_broadcast(hasWork)
    pthread_mutex_unlock(lock)
    return threads.wait(timeout: .now() + seconds) == .success
  }

  deinit {
    close(withinSeconds: 0)
    threads.wait()
    pthread_cond_destroy(hasWork)
    pthread_cond_destroy(hasAnswer)
    pthread_mutex_destroy(lock)
    hasWork.deallocate()
    hasAnswer.deallocate()
    lock.deallocate()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  func submit(_ operation: Operation, arguments: Span<UInt64>, token: Token) {
    enqueue(RecordedCall(operation, arguments), token)
  }

  func submitAtomically(_ group: borrowing OperationGroup, token: Token) { enqueue(RecordedCall(group), token) }

  private func enqueue(_ call: RecordedCall, _ token: Token) {
    pthread_mutex_lock(lock)
    state.pointee.underWay += 1
    if let owner = call.ownerKey {
      state.pointee.writes[writesOnFirst ? 0 : Int(mix64(owner) % UInt64(threadCount))].append(Request(call: call, token: token))
      // Whose it is may not be the first to wake.
      pthread_cond_broadcast(hasWork)
    } else {
      state.pointee.reads.append(Request(call: call, token: token))
      pthread_cond_signal(hasWork)
    }
    pthread_mutex_unlock(lock)
  }

  func poll(until deadline: MonotonicInstant, into completions: inout CompletionBatch) {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while state.pointee.answers.isEmpty, state.pointee.underWay > 0 {
      let nanoseconds = min(deadline.nanoseconds, UInt64(Int64.max))
      var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
      if pthread_cond_timedwait(hasAnswer, lock, &time) == ETIMEDOUT { break }
    }
    while !completions.isFull, let answer = state.pointee.answers.popFirst() {
      if answer.outcome.isError { lastErrorText = answer.errorText }
      state.pointee.underWay -= 1
      completions.complete(answer.token, answer.outcome) { swap(&$0, &answer.reply.reply) }
      state.pointee.spareReplies.append(answer.reply)
    }
  }

  /// One thread's work.
  private func serve(_ number: Int, _ session: any StorageSession) {
    pthread_mutex_lock(lock)
    while true {
      let request: Request
      if !state.pointee.writes[number].isEmpty {
        request = state.pointee.writes[number].removeFirst()
      } else if !state.pointee.reads.isEmpty {
        request = state.pointee.reads.removeFirst()
      } else if state.pointee.isClosed {
        break
      } else {
        pthread_cond_wait(hasWork, lock)
        continue
      }
      let box = state.pointee.spareReplies.popLast() ?? Box()
      pthread_mutex_unlock(lock)
      box.reply.reset()
      let outcome = request.call.perform(on: session, into: &box.reply)
      let errorText = outcome.isError ? session.lastErrorText : ""
      pthread_mutex_lock(lock)
      state.pointee.answers.append(Answer(token: request.token, outcome: outcome, reply: box, errorText: errorText))
      pthread_cond_signal(hasAnswer)
    }
    pthread_mutex_unlock(lock)
  }
}
