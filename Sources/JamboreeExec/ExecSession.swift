import JamboreeKit

/// One worker's process: batches out, answers in, and what to do when they do not come.
///
/// Batches are answered in the order in which they were sent. One that is not answered as it should be costs the process,
/// which is started again, and the batch its scores; those behind it are sent to the next process (or, under load, not ranked).
final class ExecSession: RankingSession {
  private enum State {
    case up
    /// Started again, and has not said hello.
    case starting(deadline: UInt64)
    case down(until: UInt64)
    /// Ended for good.
    case givenUp
  }

  private enum Fault {
    case timeout, death, malformed
  }

  private let settings: ExecSettings
  private let isPatient: Bool
  private var process: ExecProcess?
  private var state = State.up
  private(set) var failures = RankingFailures()

  /// Pages that are not in a batch yet.
  private var open: PageColumns
  /// Batches, the oldest first. Those from `sent` on have not begun to be written.
  private var batches: [RequestBatch] = []
  private var sent = 0
  private var spare: [RequestBatch] = []
  private var number: UInt32 = 0
  /// Pages that get no scores, and have not been told so.
  private var unranked: [Token] = []
  private var lastAnswer: UInt64 = 0
  private var hasClosedInput = false

  private let incoming: UnsafeMutableRawPointer
  private static let incomingCapacity = 2 * ExecProtocol.longestAnswerBytes
  private var first = 0
  private var end = 0

  init(_ settings: ExecSettings, columns: ExecColumns, process: ExecProcess, isPatient: Bool) {
    self.settings = settings
    self.isPatient = isPatient
    self.process = process
    open = PageColumns(columns)
    incoming = .allocate(byteCount: Self.incomingCapacity, alignment: 16)
  }

  deinit {
    close()
    incoming.deallocate()
  }

  func close() {
    // Nobody waits for what it still owes: then it need not be let end by itself.
    if batches.isEmpty { process?.finish(patienceNanoseconds: 1_000_000_000) } else { process?.kill() }
    process = nil
    state = .givenUp
    batches.removeAll()
    sent = 0
  }

  // MARK: Pages

  func submit(_ candidates: borrowing FeedCandidates, for viewer: ViewerContext, token: Token) {
    guard isRanking else { return unranked.append(token) }
    open.add(candidates, for: viewer, token: token)
    if open.isFull(settings.batchPages) { seal() }
  }

  /// Whether pages that come now are ranked, at once or in a while.
  private var isRanking: Bool {
    switch state {
    case .up: true
    case .starting, .down: isPatient
    case .givenUp: false
    }
  }

  private func seal() {
    let batch = spare.popLast() ?? RequestBatch()
    number &+= 1
    open.seal(into: batch, number: number, at: monotonicNow())
    batches.append(batch)
  }

  func poll(until deadline: MonotonicInstant, into answers: inout RankingAnswers) {
    while true {
      advance(into: &answers)
      for token in unranked { answers.addFailure(token) }
      unranked.removeAll(keepingCapacity: true)
      guard answers.isEmpty, !batches.isEmpty || !open.isEmpty else { return }
      guard monotonicNow() < deadline.nanoseconds else { return }
      wait(until: deadline.nanoseconds)
    }
  }

  // MARK: The process

  /// Does all that can be done without waiting.
  private func advance(into answers: inout RankingAnswers) {
    // What is ready goes out together; what becomes ready while enough is under way makes the next batch.
    if !open.isEmpty, batches.count < settings.batchesInFlight { seal() }
    let now = monotonicNow()
    switch state {
    case .givenUp: return
    case .down(let until):
      if now >= until { restart(at: now) }
    case .starting(let deadline):
      read(into: &answers)
      if case .starting = state, now >= deadline {
        fail(.death, "has not said hello within \(settings.startTimeoutNanoseconds / 1_000_000) ms after a restart")
      }
    case .up:
      write(at: now)
      read(into: &answers)
      // Answers make room for more.
      write(at: now)
      // What it had answered before is read.
      if hasClosedInput, let process { return fail(.death, process.ending(or: "has closed its standard input")) }
      guard case .up = state, let due = headDeadline, now >= due else { return }
      fail(.timeout, "has not answered a batch of \(batches[0].tokens.count) pages within \(settings.timeoutNanoseconds / 1_000_000) ms")
    }
  }

  /// When the oldest batch must have been answered.
  private var headDeadline: UInt64? {
    guard sent > 0 else { return nil }
    return max(batches[0].begunAt, lastAnswer) &+ settings.timeoutNanoseconds
  }

  private func wait(until deadline: UInt64) {
    var end = deadline
    var hasMore = false
    switch state {
    case .up:
      if let due = headDeadline { end = min(end, due) }
      hasMore = sent > 0 && !batches[sent - 1].isWritten || sent < min(batches.count, settings.batchesInFlight)
    case .starting(let due), .down(let due): end = min(end, due)
    case .givenUp: return
    }
    if let process {
      process.wait(until: end, toWrite: hasMore)
    } else {
      sleep(until: end)
    }
  }

  private func write(at now: UInt64) {
    guard let process else { return }
    while true {
      if sent == 0 || batches[sent - 1].isWritten {
        guard sent < min(batches.count, settings.batchesInFlight) else { return }
        batches[sent].begunAt = now
        sent += 1
      }
      let batch = batches[sent - 1]
      let rest = UnsafeRawBufferPointer(start: batch.memory + batch.written, count: batch.byteCount - batch.written)
      switch process.write(rest) {
      case .bytes(let count): batch.written += count
      case .wouldBlock: return
      case .ended:
        hasClosedInput = true
        return
      }
    }
  }

  private func read(into answers: inout RankingAnswers) {
    while let process {
      process.passErrorsOn()
      if end == Self.incomingCapacity { compact() }
      switch process.read(into: UnsafeMutableRawBufferPointer(start: incoming + end, count: Self.incomingCapacity - end)) {
      case .wouldBlock: return
      case .ended:
        return fail(.death, process.ending(or: "has closed its standard output"))
      case .bytes(let count):
        end += count
        takeFrames(into: &answers)
      }
    }
  }

  private func compact() {
    guard first > 0 else { return }
    incoming.copyMemory(from: incoming + first, byteCount: end - first)
    (first, end) = (0, end - first)
  }

  private func takeFrames(into answers: inout RankingAnswers) {
    while end > first {
      if case .starting = state {
        guard takeHello() else { return }
        continue
      }
      guard end - first >= 4 else { return }
      let length = Int((incoming + first).loadUnaligned(as: UInt32.self))
      guard sent > 0, let batch = batches.first, batch.isWritten else {
        return fail(.malformed, "has written \(end - first) bytes that nobody asked it for")
      }
      guard length == batch.answerBytes - 4 else {
        return fail(
          .malformed, "has answered with a frame of \(length) bytes, where a batch of \(batch.candidates) candidates has \(batch.answerBytes - 4)")
      }
      guard end - first >= batch.answerBytes else { return }
      let answered = (incoming + first).loadUnaligned(fromByteOffset: 4, as: UInt32.self)
      let count = (incoming + first).loadUnaligned(fromByteOffset: 8, as: UInt32.self)
      guard answered == batch.number, Int(count) == batch.candidates else {
        return fail(
          .malformed, "has answered batch \(answered) with \(count) scores, where batch \(batch.number) with \(batch.candidates) was due")
      }
      take(batch, into: &answers)
    }
    (first, end) = (0, 0)
  }

  private func takeHello() -> Bool {
    do throws(HelloError) {
      guard let hello = try Hello(UnsafeRawBufferPointer(start: incoming + first, count: end - first)) else { return false }
      guard hello.columns == open.columns else { throw HelloError(message: "it asks for other columns than before") }
      first += ExecProtocol.helloBytes
      state = .up
      lastAnswer = monotonicNow()
      return true
    } catch {
      fail(.malformed, "has been started again, and \(error.message)")
      return false
    }
  }

  private func take(_ batch: RequestBatch, into answers: inout RankingAnswers) {
    // Every length here is a multiple of four, so scores lie where floats may.
    var place = UnsafePointer((incoming + first + ExecProtocol.answerHeaderBytes).assumingMemoryBound(to: Float.self))
    for (page, token) in batch.tokens.enumerated() {
      let count = Int(batch.counts[page])
      answers.add(token, Span(_unsafeStart: place, count: count))
      place += count
    }
    first += batch.answerBytes
    lastAnswer = monotonicNow()
    batches.removeFirst()
    sent -= 1
    spare.append(batch)
  }

  // MARK: Failure

  /// Ends the process, and sees what becomes of its batches.
  private func fail(_ fault: Fault, _ text: String) {
    switch fault {
    case .timeout: failures.timeouts += 1
    case .death: failures.deaths += 1
    case .malformed: failures.malformed += 1
    }
    if failures.firstText.isEmpty { failures.firstText = "\(settings.name) \(text)" }
    process?.kill()
    process = nil
    (first, end) = (0, 0)
    hasClosedInput = false
    if sent > 0 { dropFirstBatch() }
    for batch in batches.prefix(sent) { batch.rewind() }
    sent = 0
    let restarts = Int(failures.restarts)
    state = restarts < settings.restarts ? .down(until: monotonicNow() &+ settings.backoffNanoseconds(before: restarts)) : .givenUp
    if !isRanking { dropAll() }
  }

  private func dropFirstBatch() {
    let batch = batches.removeFirst()
    sent -= 1
    unranked += batch.tokens
    spare.append(batch)
  }

  private func dropAll() {
    while !batches.isEmpty { dropFirstBatch() }
    sent = 0
    unranked += open.tokens
    open.removeAll()
  }

  private func restart(at now: UInt64) {
    failures.restarts += 1
    do throws(ExecProcess.SpawnError) {
      process = try ExecProcess(settings.words, errorBytes: settings.errorBytes)
      state = .starting(deadline: now &+ settings.startTimeoutNanoseconds)
    } catch {
      fail(.death, "could not be started again: \(settings.complaint(error).message)")
    }
  }
}
