import ArgumentParser
import Foundation
import JamboreeResults

/// Counts the instructions of a run: with `perf` where the machine gives them, with callgrind where that is installed.
///
/// What is counted is one run with one worker at a twentieth of the scale: workers wait for each other by spinning, which is
/// no work, and callgrind takes fifty times as long as the program by itself.
struct InstructionCounter {
  enum Choice: String, ExpressibleByArgument, CaseIterable { case auto, perf, callgrind, off }
  enum Tool: String { case perf, callgrind }

  static let shareOfScale = 0.05
  let tool: Tool
  let children: ChildProcesses

  /// - Returns: nil where nothing is to be counted, or can be.
  /// - Throws: ``Failure`` when the tool that was asked for does not work.
  static func make(_ choice: Choice, _ children: ChildProcesses) throws -> InstructionCounter? {
    switch choice {
    case .off: return nil
    case .perf:
      guard perfWorks(children) else {
        throw Failure(
          code: Failure.usage,
          message: "--instructions perf: perf does not count instructions here (not installed, not permitted, or a virtual machine without counters); try callgrind")
      }
      return InstructionCounter(tool: .perf, children: children)
    case .callgrind:
      guard find("valgrind") != nil else {
        throw Failure(code: Failure.usage, message: "--instructions callgrind: there is no valgrind on the PATH; apt-get install valgrind")
      }
      return InstructionCounter(tool: .callgrind, children: children)
    case .auto:
      if perfWorks(children) { return InstructionCounter(tool: .perf, children: children) }
      return find("valgrind") == nil ? nil : InstructionCounter(tool: .callgrind, children: children)
    }
  }

  /// Counts twice, to know by how much the counts of the same thing differ.
  /// - Returns: nil when the run could not be counted.
  func count(_ program: MeasuredProgram, _ run: MeasuredRun) throws -> InstructionCount? {
    guard let first = try countOnce(program, run), let second = try countOnce(program, run) else { return nil }
    let (least, most) = (min(first, second), max(first, second))
    return InstructionCount(
      tool: tool.rawValue, scale: run.scale * Self.shareOfScale, count: least, spread: least > 0 ? Double(most - least) / Double(least) : 0)
  }

  private func countOnce(_ program: MeasuredProgram, _ run: MeasuredRun) throws -> UInt64? {
    let name = "\(children.folder)/\(UUID().uuidString)"
    let (out, errors, results, stripped) = (name + ".out", name + ".err", name + ".sqlite", name + ".program")
    defer { for file in [out, errors, results, stripped] { try? FileManager.default.removeItem(atPath: file) } }
    // Nothing is written down on the way: how often that happens goes by the clock.
    let arguments = run.arguments(results: results, scale: run.scale * Self.shareOfScale, workers: 1) + ["--checkpoint-nanoseconds", "1000000000000000"]
    // Where keys come to lie in tables is then the same each time.
    let variables = run.variables.merging(["SWIFT_DETERMINISTIC_HASHING": "1"]) { $1 }
    let ending: ChildProcesses.Ending
    switch tool {
    case .perf:
      guard let perf = Self.find("perf") else { return nil }
      ending = try children.run(perf, Self.perfArguments(out) + [program.path] + arguments, variables: variables, errors: errors)
    case .callgrind:
      guard let valgrind = Self.find("valgrind") else { return nil }
      // Versions of valgrind that do not know the newest form of debug information give up on it, and need none.
      let strip = Self.find("strip") ?? Self.find("llvm-strip")
      let isStripped = try strip.map { try children.run($0, ["-g", "-o", stripped, program.path], errors: errors) } == .exited(0)
      ending = try children.run(
        valgrind, ["--tool=callgrind", "--callgrind-out-file=\(out)", isStripped ? stripped : program.path] + arguments, variables: variables,
        errors: errors)
    }
    if ending == .timedOut { throw program.timeOut }
    guard ending == .exited(0) || ending == .exited(Failure.checkFailed), let text = try? String(contentsOfFile: out, encoding: .utf8) else { return nil }
    return tool == .perf ? Self.perfCount(text) : Self.callgrindCount(text)
  }

  private static func perfArguments(_ out: String) -> [String] { ["stat", "-x", ",", "-e", "instructions:u", "-o", out, "--"] }

  private static func perfWorks(_ children: ChildProcesses) -> Bool {
    guard let perf = find("perf"), let program = find("true") else { return false }
    let out = "\(children.folder)/perf.out"
    let ending = try? children.run(perf, perfArguments(out) + [program], errors: "\(children.folder)/perf.err")
    return ending == .exited(0) && (try? String(contentsOfFile: out, encoding: .utf8)).flatMap(perfCount) != nil
  }

  /// From a line such as `120034,,instructions:u,...`, whose number is `<not supported>` where there are no counters.
  static func perfCount(_ text: String) -> UInt64? {
    text.split(separator: "\n").first { $0.contains(",instructions") }.flatMap { UInt64($0.prefix { $0 != "," }) }
  }

  /// From the line `totals: 1835839437`.
  static func callgrindCount(_ text: String) -> UInt64? {
    text.split(separator: "\n").last { $0.hasPrefix("totals: ") }.flatMap { UInt64($0.dropFirst(8)) }
  }

  private static func find(_ program: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(program)" }
      .first { access($0, X_OK) == 0 }
  }
}
