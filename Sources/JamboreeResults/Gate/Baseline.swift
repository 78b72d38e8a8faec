import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// What a program did and took for a scenario: what later versions of it are held against. Kept as JSON, under version control.
public struct Baseline: Sendable, Codable {
  /// The format that this program writes, and the only one that it reads.
  public static let currentFormat = 1

  public var format: Int
  public var name: String
  /// When it was made: seconds since 1970.
  public var createdUnixSeconds: Int64
  public var run: BaselineRun
  public var environment: BaselineEnvironment
  public var behaviour: Behaviour
  public var instructions: InstructionCount?
  /// In the order in which they ran.
  public var processes: [ProcessFigures]
  /// The successful calls of all processes together. Histograms add, so nothing is lost, and one a name is a twentieth of one
  /// a name and process.
  public var histograms: [BaselineHistogram]

  public init(
    name: String, createdUnixSeconds: Int64, run: BaselineRun, environment: BaselineEnvironment, behaviour: Behaviour,
    instructions: InstructionCount?, processes: [ProcessFigures], histograms: [BaselineHistogram]
  ) {
    format = Self.currentFormat
    self.name = name
    self.createdUnixSeconds = createdUnixSeconds
    self.run = run
    self.environment = environment
    self.behaviour = behaviour
    self.instructions = instructions
    self.processes = processes
    self.histograms = histograms
  }
}

/// What is run: everything that must be equal for a comparison to be one of programs.
public struct BaselineRun: Sendable, Hashable, Codable {
  public var scenario: String
  /// Of the scenario's text and the overrides.
  public var scenarioHash: String
  public var seed: UInt64
  public var scale: Double
  /// `path=value` pairs, the seed among them where it was given by a flag.
  public var overrides: [String]
  /// As it was named, without a password.
  public var backend: String
  public var ranker: String
  public var workers: Int

  public init(
    scenario: String, scenarioHash: String, seed: UInt64, scale: Double, overrides: [String], backend: String, ranker: String, workers: Int
  ) {
    self.scenario = scenario
    self.scenarioHash = scenarioHash
    self.seed = seed
    self.scale = scale
    self.overrides = overrides
    self.backend = backend
    self.ranker = ranker
    self.workers = workers
  }

  /// What is not the same in another, each in words; empty when a comparison makes sense.
  public func differences(to other: BaselineRun) -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ mine: String, _ others: String) {
      if mine != others { found.append("\(what): the baseline has \(mine.isEmpty ? "none" : mine), this is \(others.isEmpty ? "none" : others)") }
    }
    compare("scenario", scenario, other.scenario)
    compare("seed", "\(seed)", "\(other.seed)")
    compare("scale", "\(scale)", "\(other.scale)")
    compare("--set", overrides.joined(separator: " "), other.overrides.joined(separator: " "))
    compare("backend", backend, other.backend)
    compare("ranker", ranker, other.ranker)
    compare("workers", "\(workers)", "\(other.workers)")
    if found.isEmpty { compare("the scenario's text", String(scenarioHash.prefix(12)), String(other.scenarioHash.prefix(12))) }
    return found
  }
}

/// The machine and the build of a baseline. It names no host and no user.
public struct BaselineEnvironment: Sendable, Hashable, Codable {
  public var kernel: String
  public var cpuModel: String
  public var logicalCores: Int
  public var memoryBytes: Int64
  public var compiler: String
  public var buildConfiguration: String
  public var version: String
  public var gitCommit: String?
  public var gitDirty: Bool?

  public init(_ environment: RunEnvironment) {
    kernel = environment.kernel
    cpuModel = environment.cpuModel
    logicalCores = environment.logicalCores
    memoryBytes = environment.memoryBytes
    compiler = environment.compiler
    buildConfiguration = environment.buildConfiguration
    version = environment.version
    gitCommit = environment.gitCommit
    gitDirty = environment.gitDirty
  }

  /// Why times that were taken there cannot be held against times taken here; nil when they can.
  public func timesDiffer(from other: BaselineEnvironment) -> String? {
    func differ(_ what: String, _ mine: String, _ others: String) -> String? {
      mine == others ? nil : "\(what): \(mine.isEmpty ? "unknown" : mine) then, \(others.isEmpty ? "unknown" : others) now"
    }
    return differ("processor", cpuModel, other.cpuModel) ?? differ("cores", "\(logicalCores)", "\(other.logicalCores)")
      ?? differ("bytes of memory", "\(memoryBytes)", "\(other.memoryBytes)") ?? differ("kernel", kernel, other.kernel)
      ?? buildsDiffer(from: other)
  }

  /// Why the same sources would not have become the same program; nil when they would.
  public func buildsDiffer(from other: BaselineEnvironment) -> String? {
    buildConfiguration != other.buildConfiguration
      ? "build: \(buildConfiguration) then, \(other.buildConfiguration) now"
      : compiler != other.compiler ? "compiler: \(compiler) then, \(other.compiler) now" : nil
  }
}

/// Instructions that a program took in user mode for a run with one worker.
public struct InstructionCount: Sendable, Hashable, Codable {
  /// `perf` or `callgrind`.
  public var tool: String
  /// Of the run that was counted, which is smaller than the others.
  public var scale: Double
  /// The least of the counts.
  public var count: UInt64
  /// By what part the greatest count was above the least: what the same program and run differ by.
  public var spread: Double

  public init(tool: String, scale: Double, count: UInt64, spread: Double) {
    self.tool = tool
    self.scale = scale
    self.count = count
    self.spread = spread
  }
}

/// The latencies of one action, verb or ranker.
public struct BaselineHistogram: Sendable, Hashable, Codable {
  public var kind: String
  public var name: String
  /// In the encoding of `HistogramCoding`, as base 64.
  public var counts: String

  public init(kind: String, name: String, counts: String) {
    self.kind = kind
    self.name = name
    self.counts = counts
  }
}
