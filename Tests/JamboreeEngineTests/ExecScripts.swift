import Foundation
import JamboreeExec
import JamboreeKit
import Testing

/// Whether scripts in Python can be run here.
let hasPython = ["/bin", "/usr/bin", "/usr/local/bin"].contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }
  || (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }

/// A ranker in Python in a folder of its own.
final class ExecScript {
  private let folder: URL
  var path: String { folder.appending(path: "rank.py").path }

  /// - Parameter body: what follows on helpers: `hello()`, `batches()`, `answer(number, scores)`, `ids(...)`, `starts()`.
  init(_ body: String) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "jamboree-exec-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data((Self.helpers + body).utf8).write(to: folder.appending(path: "rank.py"))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func text(_ name: String) -> String {
    (try? Data(contentsOf: folder.appending(path: name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static let helpers = """
    #!/usr/bin/env python3
    import os, struct, subprocess, sys, time
    from array import array
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    folder = os.path.dirname(os.path.abspath(__file__))
    def hello(version=1, columns=1):
        answers.write(struct.pack("<I4sHHI", 12, b"JMBR", version, 0, columns))
        answers.flush()
    def batches():
        count = 0
        while len(head := requests.read(4)) == 4:
            body = requests.read(struct.unpack("<I", head)[0])
            number, pages, candidates = struct.unpack_from("<III", body)
            yield count, number, array("Q", body[20 + 24 * pages : 20 + 24 * pages + 8 * candidates])
            count += 1
    def scores(ids):
        return [float(i & 0xFFFFFF) for i in ids]
    def answer(number, values):
        data = array("f", values).tobytes()
        answers.write(struct.pack("<III", 8 + len(data), number, len(data) // 4) + data)
        answers.flush()
    def starts():
        with open(folder + "/starts", "a") as file:
            file.write("x")
        return os.path.getsize(folder + "/starts")

    """

  /// Settings for a test: nothing of its standard error is passed on, and it is started again soon.
  func settings(_ change: (inout ExecSettings) -> Void = { _ in }) -> ExecSettings {
    var settings = ExecSettings(words: ["python3", path])
    settings.startTimeoutNanoseconds = 60_000_000_000
    settings.timeoutNanoseconds = 60_000_000_000
    settings.backoffNanoseconds = 1_000_000
    settings.errorBytes = 0
    change(&settings)
    return settings
  }
}

/// What became of pages.
struct Ranked {
  /// By page; nil without scores.
  var scores: [[Float]?]
  var failures: RankingFailures
}

/// Has pages ranked, each with a candidate more than the one before; items have their numbers, from 1, as sequences.
/// - Parameter stride: how many are handed over at a time.
func rankPages(_ count: Int, stride: Int = 1, candidates: Int = 3, isPatient: Bool = true, _ settings: ExecSettings) throws -> Ranked {
  let session = try ExecRanker(settings).openSession(0, isPatient: isPatient)
  defer { session.close() }
  return rankPages(count, stride: stride, candidates: candidates, session)
}

func rankPages(_ count: Int, stride: Int = 1, candidates: Int = 3, _ session: any RankingSession) -> Ranked {
  var result = Ranked(scores: Array(repeating: nil, count: count), failures: RankingFailures())
  var answered = [Int](repeating: 0, count: count)
  var answers = RankingAnswers()
  for start in Swift.stride(from: 0, to: count, by: stride) {
    let end = min(start + stride, count)
    for page in start..<end {
      var items = ItemColumns(capacity: candidates + page)
      for item in 0..<(candidates + page) { items.append(ItemRow(id: ItemID(author: MemberID(9), sequence: UInt32(item + 1)), created: .zero, lastActive: .zero)) }
      session.submit(
        FeedCandidates(items), for: ViewerContext(member: MemberID(UInt32(page)), now: SimTime(nanoseconds: 5), interests: 0, salt: 1),
        token: Token(rawValue: UInt64(page)))
    }
    var left = end - start
    while left > 0 {
      answers.removeAll()
      session.poll(until: .distantFuture, into: &answers)
      if answers.isEmpty { break }
      for index in 0..<answers.count {
        let page = Int(answers.token(at: index).rawValue)
        answered[page] += 1
        left -= 1
        guard answers.hasScores(at: index) else { continue }
        let scores = answers.scores(at: index)
        result.scores[page] = (0..<scores.count).map { scores[$0] }
      }
    }
  }
  result.failures = session.failures
  // Each exactly once.
  #expect(answered.allSatisfy { $0 == 1 })
  return result
}

/// The pages that got the scores which the script gives them when nothing is wrong.
func rightPages(_ ranked: Ranked, candidates: Int = 3) -> [Int] {
  ranked.scores.indices.filter { page in ranked.scores[page] == (1...(candidates + page)).map { Float($0) } }
}
