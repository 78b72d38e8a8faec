import Foundation
import JamboreeKit
import JamboreeMetrics
import JamboreeResults
import Testing

/// A load on a server, to which something happens meanwhile, and what is kept of it.
struct LoadTrial {
  let place: Workplace
  private let results = "r.sqlite"

  init() throws { place = try Workplace() }

  /// Starts one; it writes down often what it has measured, so that the test knows where it stands.
  /// - Parameter backend: where it goes, options included.
  func start(
    _ backend: String, scenario: String = Workplace.smoke, rate: Int, warmUp: String = "500ms", duration: String, _ more: [String] = []
  ) throws -> Started {
    try start(backend, scenario: scenario, pace: ["--rate", "\(rate)/s"], warmUp: warmUp, duration: duration, more)
  }

  func start(
    _ backend: String, scenario: String = Workplace.smoke, pace: [String], warmUp: String = "500ms", duration: String, _ more: [String] = []
  ) throws -> Started {
    try place.start(
      [
        "run", scenario, "--backend", backend, "--warm-up", warmUp, "--duration", duration, "--results", results, "--no-floor",
        "--checkpoint-nanoseconds", "100000000",
      ] + pace + more)
  }

  /// Waits until something that was measured is written down.
  func waitUntilMeasured(_ run: Started) throws { try wait(run) { $0.record.operations > 0 } }

  /// Waits until the load is under way, measured or not.
  func waitUntilUnderWay(_ run: Started) throws { try wait(run) { $0.simulatedNanoseconds > 0 } }

  private func wait(_ run: Started, _ condition: (RunDetail) -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while run.process.isRunning {
      guard ContinuousClock.now < deadline else { break }
      if let stored = try? stored(), condition(stored.detail) { return }
      usleep(30_000)
    }
    kill(run.process.processIdentifier, SIGKILL)
    throw ServerFailure("the run ended too early, or does not get under way: \(try run.finish().err)")
  }

  /// What is kept of the run.
  func stored() throws -> StoredLoad {
    let store = try ResultStore.open(path: place.path(results), readOnly: true)
    return StoredLoad(store: store, detail: try store.detail(store.resolve("last")))
  }

  /// What the commands that read results say of the run.
  func told(_ command: String) throws -> String { try place.run(command, "--results", results).out }
}

extension Started {
  /// What it leaves at its end, which is none when it has to be killed first.
  func finishInTime(seconds: Int = 60) throws -> Finished {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while process.isRunning, ContinuousClock.now < deadline { usleep(20_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    return try finish()
  }
}

/// What is kept of a load.
struct StoredLoad {
  let store: ResultStore
  let detail: RunDetail

  /// How many latencies of a kind are at least so long, over all names (or the one that is given) and outcomes.
  func count(_ kind: LatencyKind, _ name: String? = nil, atLeastSeconds seconds: Double) throws -> Int {
    let least = UInt64(seconds * 1e9)
    let rows = detail.summaries.filter { $0.kind == kind && $0.name == name ?? $0.name && $0.latency.maxNanoseconds >= least }
    return try rows.reduce(0) { sum, row in
      let histogram = try store.histogram(run: detail.record.run, kind: kind, name: row.name, outcome: row.outcome)
      return sum + Int(histogram?.count(within: least...row.latency.maxNanoseconds) ?? 0)
    }
  }

  func longestSeconds(_ kind: LatencyKind, _ name: String? = nil) -> Double {
    Double(detail.summaries.filter { $0.kind == kind && $0.name == name ?? $0.name }.map(\.latency.maxNanoseconds).max() ?? 0) / 1e9
  }

  func metric(_ name: String) -> Double? { detail.metrics.first { $0.name == name }?.value }
  func outcome(_ outcome: Outcome) -> Int64 { detail.outcomes[Int(outcome.rawValue)] }
}

/// What a load's JSON says.
struct ToldLoad {
  let object: [String: Any]

  init(_ run: Finished) throws { object = try run.object() }

  var verdict: String { object["verdict"] as? String ?? "" }
  private var load: [String: Any] { object["load"] as? [String: Any] ?? [:] }
  func figure(_ name: String) -> Double? { (load[name] as? NSNumber)?.doubleValue }
  func text(_ name: String) -> String? { load[name] as? String }
  func metric(_ name: String) -> Double? { ((object["metrics"] as? [String: Any])?[name] as? NSNumber)?.doubleValue }
  func outcome(_ name: String) -> Int { ((object["outcomes"] as? [String: Any])?[name] as? NSNumber)?.intValue ?? 0 }

  /// Times in which the server was away: seconds since the load's start, without an end when it did not come back.
  var outages: [(start: Double, end: Double?)] {
    (load["outages"] as? [[String: Any]] ?? []).map {
      (($0["startSeconds"] as? NSNumber)?.doubleValue ?? -1, ($0["endSeconds"] as? NSNumber)?.doubleValue)
    }
  }

  /// What the audit says of each second: its start since the load's, writes read at once, and those of them that did not show.
  var staleness: [(start: Double, probes: Int, violations: Int, longestSeconds: Double)] {
    let buckets = (load["audit"] as? [String: Any])?["stalenessTimeline"] as? [[String: Any]] ?? []
    return buckets.map { bucket in
      func number(_ name: String) -> NSNumber { bucket[name] as? NSNumber ?? -1 }
      return (
        number("startSeconds").doubleValue, number("probes").intValue, number("violations").intValue, number("maxStalenessSeconds").doubleValue
      )
    }
  }

  /// The code that goes with the verdict. A debug build, or a machine that has too much to do, has one of its own.
  var code: Int32 {
    switch verdict {
    case "failed": 1
    case "invalid": 75
    default: 0
    }
  }
}
