import ArgumentParser
import Foundation
import JamboreeMetrics

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Tell what is missing on this machine and how to get it.")

  @Flag(help: "Print one JSON object on standard output and nothing else there.")
  var json = false

  private struct Check {
    let name: String
    let passed: Bool
    let found: String
    /// How to put it right; empty when nothing is wrong.
    let remedy: String
  }

  func run() throws {
    let checks = self.checks()
    if json {
      try JSON.object([
        "checks": .array(
          checks.map {
            .object(["name": .string($0.name), "passed": .boolean($0.passed), "found": .string($0.found), "remedy": .string($0.remedy)])
          })
      ]).print()
    } else {
      for check in checks {
        try Console.print("\(check.passed ? "ok      " : "MISSING ") \(check.name): \(check.found)")
        if !check.passed { try Console.print("         \(check.remedy)") }
      }
    }
    if checks.contains(where: { !$0.passed }) { throw ExitCode(Failure.checkFailed) }
  }

  private func checks() -> [Check] {
    let environment = RunEnvironment.current(version: Composition.version)
    let usage = ResourceUsage.now()
    let folder = (Composition.defaultResults as NSString).deletingLastPathComponent
    let nearest = FileManager.default.fileExists(atPath: folder) ? folder : "."
    let clockCost = MeasuringClock.monotonic.costNanoseconds()
    return [
      Check(name: "build", passed: environment.buildConfiguration == "release", found: "\(environment.buildConfiguration), \(environment.compiler)", remedy: "run through Scripts/jamboree, which builds a release: times of a debug build mean nothing"),
      Check(name: "jemalloc", passed: usage.allocatedBytes > 0, found: usage.allocatedBytes > 0 ? "is the allocator, \(Text.bytes(Double(usage.allocatedBytes))) allocated" : "is not the allocator", remedy: "apt-get install libjemalloc-dev, then build again"),
      Check(name: "cores", passed: environment.logicalCores >= 2, found: "\(environment.logicalCores) of \(environment.cpuModel)", remedy: "the flagship jam wants 2 cores or more"),
      Check(name: "memory", passed: environment.memoryBytes >= 2 << 30, found: Text.bytes(Double(environment.memoryBytes)), remedy: "the flagship jam wants 2 GiB"),
      Check(name: "clock", passed: clockCost < 200, found: String(format: "%.0f ns a reading", clockCost), remedy: "the kernel reads a slow clock source; see /sys/devices/system/clocksource/clocksource0/current_clocksource"),
      Check(name: "results", passed: FileManager.default.isWritableFile(atPath: nearest), found: "\(Composition.defaultResults)", remedy: "the folder is not writable; give --results another file"),
    ]
  }
}
