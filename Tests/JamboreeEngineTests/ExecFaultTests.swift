import Foundation
import JamboreeExec
import JamboreeKit
import Testing

/// Programs that do not do as they should: each costs the pages that it must, is counted, and keeps nobody waiting for ever.
@Suite(.enabled(if: hasPython, "needs python3")) struct ExecFaultTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    let what: String
    let script: String
    /// Of seven pages, each a batch, those that get their scores.
    let right: [Int]
    var timeouts: Int64 = 0
    var deaths: Int64 = 0
    var malformed: Int64 = 0
    /// What the first message tells.
    let tells: String
    var testDescription: String { what }
  }

  /// What a good one does with a batch, but for the third that each process gets.
  private static func third(_ deed: String) -> String {
    """
    hello()
    for count, number, ids in batches():
        if count == 2:
            \(deed)
        else:
            answer(number, scores(ids))
    """
  }

  /// The third and the sixth page are the third of a process.
  private static let butTwo = [0, 1, 3, 4, 6]

  static let faults = [
    Fault(what: "dies", script: third("os._exit(3)"), right: butTwo, deaths: 2, tells: "exit code 3"),
    Fault(what: "is killed", script: third("os.kill(os.getpid(), 9)"), right: butTwo, deaths: 2, tells: "signal 9"),
    Fault(what: "throws", script: third("raise ValueError"), right: butTwo, deaths: 2, tells: "exit code 1"),
    Fault(what: "closes its output", script: third("os.close(1); time.sleep(1000)"), right: butTwo, deaths: 2, tells: "closed its standard output"),
    Fault(
      what: "closes its input", script: """
        hello()
        for count, number, ids in batches():
            if count == 1:
                os.close(0)
            answer(number, scores(ids))
            if count == 1:
                time.sleep(1000)
        """, right: [0, 1, 3, 4, 6], deaths: 2, tells: "closed its standard input"),
    Fault(
      what: "garbage", script: third("answers.write(b'\\xff' * 4096); answers.flush()"), right: butTwo, malformed: 2, tells: "frame of 4294967295 bytes"),
    Fault(what: "text", script: third("print('ranking ...', flush=True)"), right: butTwo, malformed: 2, tells: "where a batch of 5 candidates has 28"),
    Fault(what: "a score too few", script: third("answer(number, scores(ids)[1:])"), right: butTwo, malformed: 2, tells: "frame of 24 bytes"),
    Fault(what: "a score too many", script: third("answer(number, scores(ids) + [1.0])"), right: butTwo, malformed: 2, tells: "frame of 32 bytes"),
    Fault(what: "another batch", script: third("answer(number - 1, scores(ids))"), right: butTwo, malformed: 2, tells: "answered batch 2"),
    Fault(
      what: "a count that is not the length's", script: third("answers.write(struct.pack('<III5f', 28, number, 4, 0, 0, 0, 0, 0)); answers.flush()"),
      right: butTwo, malformed: 2, tells: "with 4 scores"),
  ]

  @Test(arguments: faults) func costsItsPage(_ fault: Fault) throws {
    let script = try ExecScript(fault.script)
    let ranked = try rankPages(7, script.settings { $0.restarts = 5 })
    #expect(rightPages(ranked) == fault.right)
    #expect(ranked.scores.count { $0 == nil } == 7 - fault.right.count)
    #expect(ranked.failures.timeouts == fault.timeouts)
    #expect(ranked.failures.deaths == fault.deaths)
    #expect(ranked.failures.malformed == fault.malformed)
    #expect(ranked.failures.restarts == 2)
    #expect(ranked.failures.firstText.contains(fault.tells), "\(ranked.failures.firstText)")
  }

  /// Each is late with the second batch of its first process.
  @Test(arguments: [
    "time.sleep(1000)", "answers.write(struct.pack('<II', 24, number)); answers.flush(); time.sleep(1000)",
    "answers.write(b'\\x18'); answers.flush(); time.sleep(1000)",
  ]) func hangs(_ deed: String) throws {
    let script = try ExecScript(
      """
      first = starts() == 1
      hello()
      for count, number, ids in batches():
          if first and count == 1:
              \(deed)
          answer(number, scores(ids))
      """)
    let ranked = try rankPages(4, script.settings { $0.timeoutNanoseconds = 700_000_000 })
    #expect(rightPages(ranked) == [0, 2, 3])
    #expect(ranked.failures.timeouts == 1 && ranked.failures.errors == 1 && ranked.failures.restarts == 1)
    #expect(ranked.failures.firstText.contains("within 700 ms"))
  }

  /// More than a pipe holds, to one who does not read: the write must not be waited for.
  @Test func neverReads() throws {
    let script = try ExecScript("hello()\ntime.sleep(1000)")
    let ranked = try rankPages(
      3, stride: 3, candidates: 60_000,
      script.settings { ($0.timeoutNanoseconds, $0.restarts, $0.batchPages, $0.batchesInFlight) = (200_000_000, 1, 1, 3) })
    #expect(ranked.scores.allSatisfy { $0 == nil })
    #expect(ranked.failures.timeouts == 2 && ranked.failures.restarts == 1)
  }

  /// Back-pressure: a program that is slow finds no more than the requests in flight in its pipe, whatever waits behind them.
  @Test(arguments: [1, 2, 5]) func noMoreIsSentThanMayBeInFlight(_ inFlight: Int) throws {
    let script = try ExecScript(
      """
      import fcntl, termios
      hello()
      def take(size):
          data = b""
          while len(data) < size:
              part = os.read(0, size - len(data))
              if not part: sys.exit(0)
              data += part
          return data
      while True:
          head = take(4)
          body = take(struct.unpack("<I", head)[0])
          number, pages, candidates = struct.unpack_from("<III", body)
          # Long enough for whoever sends to fill the pipe.
          time.sleep(0.03)
          waiting = struct.unpack("i", fcntl.ioctl(0, termios.FIONREAD, b"0000"))[0]
          with open(folder + "/waiting", "a") as file:
              file.write("%d %d\\n" % (pages, waiting // (4 + len(body))))
          answer(number, [1.0] * candidates)
      """)
    let pages = 40
    // Of one length all: pages with a thousand candidates and some.
    let ranked = try rankPages(
      pages, stride: pages, candidates: 1_000, script.settings { ($0.batchPages, $0.batchesInFlight) = (4, inFlight) })
    #expect(ranked.failures == RankingFailures() && ranked.scores.allSatisfy { $0 != nil })
    let lines = script.text("waiting").split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
    #expect(lines.count == pages / 4 && lines.allSatisfy { $0[0] == 4 })
    // The one that is being answered is in flight, too.
    #expect(lines.map { $0[1] }.max() == inFlight - 1, "\(lines)")
  }

  @Test func answersBeforeItIsAsked() throws {
    let script = try ExecScript("hello()\nanswer(7, [1.0])\nfor count, number, ids in batches(): pass")
    let ranked = try rankPages(2, script.settings { $0.restarts = 0 })
    #expect(ranked.scores.allSatisfy { $0 == nil })
    #expect(ranked.failures.malformed == 1)
  }

  /// Whoever comes up no more is given up, and the pages that wait for it get no scores.
  @Test(arguments: ["os._exit(4)", "print('no', flush=True)", "hello(version=2)", "hello(columns=3)"])
  func doesNotComeUpAgain(_ deed: String) throws {
    let script = try ExecScript(
      """
      if starts() > 1:
          \(deed)
          time.sleep(0.2)
          os._exit(0)
      hello()
      for count, number, ids in batches():
          if count == 1:
              os._exit(0)
          answer(number, scores(ids))
      """)
    let ranked = try rankPages(6, stride: 6, script.settings { ($0.restarts, $0.batchPages) = (2, 1) })
    #expect(rightPages(ranked) == [0])
    #expect(ranked.scores.count { $0 == nil } == 5)
    #expect(ranked.failures.restarts == 2)
    #expect(ranked.failures.deaths + ranked.failures.malformed == 3)
    #expect(script.text("starts").count == 3)
  }

  /// Under load nobody waits for a restart: pages are told at once that they are not ranked, and those that come later are.
  @Test func impatientPagesDoNotWait() throws {
    let script = try ExecScript(
      """
      again = starts() > 1
      hello()
      for count, number, ids in batches():
          if count == 1 and not again:
              os._exit(0)
          answer(number, scores(ids))
      """)
    let settings = script.settings { ($0.restarts, $0.batchPages, $0.backoffNanoseconds) = (1, 1, 50_000_000) }
    let session = try ExecRanker(settings).openSession(0, isPatient: false)
    defer { session.close() }
    let before = rankPages(5, stride: 5, session)
    #expect(rightPages(before) == [0])
    #expect(before.failures.deaths == 1 && before.failures.restarts == 0)
    // Until it is up again.
    var after = rankPages(1, session)
    for _ in 0..<6_000 where after.scores[0] == nil {
      usleep(10_000)
      after = rankPages(1, session)
    }
    #expect(after.scores[0] == [1, 2, 3])
    #expect(session.failures.restarts == 1 && session.failures.errors == 1)
  }

  /// It may say what it likes where that is not in the way.
  @Test func muchOnStandardErrorIsNoTrouble() throws {
    let script = try ExecScript(
      """
      sys.stderr.write("a" * 300000)
      hello()
      for count, number, ids in batches():
          sys.stderr.write("b" * 300000)
          answer(number, scores(ids))
      """)
    let ranked = try rankPages(3, script.settings())
    #expect(rightPages(ranked) == [0, 1, 2])
    #expect(ranked.failures == RankingFailures())
  }

  /// What it has started writes faster than anybody reads, and never ends.
  @Test func aFloodOnStandardErrorKeepsNobody() throws {
    let script = try ExecScript(
      """
      subprocess.Popen([sys.executable, "-c", "import os\\nwhile True: os.write(2, b'x' * 65536)"])
      hello()
      for count, number, ids in batches(): answer(number, scores(ids))
      """)
    let ranked = try rankPages(3, script.settings())
    #expect(rightPages(ranked) == [0, 1, 2])
    #expect(ranked.failures == RankingFailures())
  }

  @Test func mayTakeItsTimeToStart() throws {
    let script = try ExecScript("time.sleep(0.5)\nhello()\nfor count, number, ids in batches(): answer(number, scores(ids))")
    #expect(rightPages(try rankPages(2, script.settings { $0.timeoutNanoseconds = 5_000_000_000 })) == [0, 1])
  }

  // MARK: What is refused before anything begins

  struct Refusal: Sendable {
    let script: String
    let tells: [String]
    var kind = PlugInError.Kind.usage
  }

  @Test(arguments: [
    Refusal(script: "hello(version=2)\ntime.sleep(1000)", tells: ["speaks version 2", "this program version 1"]),
    Refusal(script: "hello(columns=1 << 20)\ntime.sleep(1000)", tells: ["asks for columns that there are not", "bit 20"]),
    Refusal(script: "print('loading the model ...', flush=True)\ntime.sleep(1000)", tells: ["does not begin with a hello", "'loading the mode"]),
    Refusal(script: "sys.exit(5)", tells: ["ended with exit code 5", "before it had said hello"]),
    Refusal(script: "hello(", tells: ["exit code 1", "before it had said hello"]),
    Refusal(script: "os.close(1)\ntime.sleep(1000)", tells: ["closed its standard output"]),
    Refusal(script: "time.sleep(1000)", tells: ["not said hello within 800 ms", "startTimeout"], kind: .unreachable),
    Refusal(script: "print('ok', end='', flush=True)\ntime.sleep(1000)", tells: ["not said hello", "but written 'ok'"], kind: .unreachable),
  ]) func refused(_ refusal: Refusal) throws {
    let script = try ExecScript(refusal.script)
    let error = #expect(throws: RankerError.self) {
      try ExecRanker(script.settings { if refusal.kind == .unreachable { $0.startTimeoutNanoseconds = 800_000_000 } })
    }
    #expect(error?.kind == refusal.kind)
    for text in refusal.tells { #expect(error?.message.contains(text) == true, "\(error?.message ?? "")") }
  }

  // MARK: What is left behind

  /// Neither it nor what it has started outlives its session, whether it ends by itself or not.
  @Test(arguments: ["for count, number, ids in batches(): answer(number, scores(ids))", "time.sleep(1000)"])
  func nothingOutlivesItsSession(_ rest: String) throws {
    let script = try ExecScript(
      """
      child = subprocess.Popen(["sleep", "1000"])
      with open(folder + "/processes", "w") as file:
          file.write(f"{os.getpid()} {child.pid}")
      hello()
      \(rest)
      """)
    let session = try ExecRanker(script.settings()).openSession(0, isPatient: true)
    let processes = script.text("processes").split(separator: " ").compactMap { pid_t($0) }
    #expect(processes.count == 2)
    for process in processes { #expect(kill(process, 0) == 0) }
    session.close()
    // Whoever has lost its parent is reaped by somebody else, in a while.
    for process in processes { #expect(isGone(process), "\(process)") }
  }

  private func isGone(_ process: pid_t) -> Bool {
    for _ in 0..<500 {
      let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
      // Fields follow the name in parentheses; a zombie is done.
      if status.isEmpty || status.split(separator: ")").last?.hasPrefix(" Z") == true { return true }
      usleep(10_000)
    }
    return false
  }
}
