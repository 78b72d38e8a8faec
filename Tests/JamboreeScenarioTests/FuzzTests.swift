import Foundation
import JamboreeKit
import JamboreeScenario
import JamboreeWorkloads
import Testing

/// A small generator of numbers, so that a failure can be repeated from its seed.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mix64(state)
  }
}

/// Damages a text as people and disks do: one to three changes.
private struct Mutator {
  private static let values = [
    "-1", "0", "1e308", "-1e308", "1e999", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551616", ".nan", "NaN", "-.inf", "\"5\"", "'x'", "~", "null", "[]", "{}", "[1, [2, {a: b}]]", "{a: b}", "yes",
    "0x7f", "0o17", "017", "1_000", "5s", "106751d", "999999999999d", "1h1h", "-5s", "100%", "-1%", "1e-320", "*a", "&a 1",
    "!!binary aGk=", "!x y", "|", ">-", "? [", "<<", "@", "`", "%", "\t", "\u{0}", "\u{1B}[31m", "\u{FEFF}", "é\u{301}", "Sunday 24:00", "+14:15",
  ]
  var generator: SeededGenerator

  mutating func damaged(_ text: String) -> String {
    var result = text
    for _ in 0..<Int.random(in: 1...3, using: &generator) { result = changed(result) }
    return result
  }

  private mutating func changed(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let place = Int.random(in: lines.indices, using: &generator)
    let other = Int.random(in: lines.indices, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0:
      var bytes = Array(text.utf8)
      guard !bytes.isEmpty else { return text }
      bytes[Int.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      return String(decoding: bytes, as: UTF8.self)
    case 1: lines.remove(at: place)
    case 2: lines.insert(lines[place], at: other)
    case 3: lines.swapAt(place, other)
    case 4: lines[place] = String(repeating: " ", count: Int.random(in: 0...9, using: &generator)) + lines[place].drop { $0 == " " }
    case 5: lines[place] = withNumberReplaced(lines[place])
    case 6:
      let value = Self.values[Int.random(in: Self.values.indices, using: &generator)]
      lines[place] = lines[place].prefix { $0 != ":" } + ": " + value
    default:
      let cut = Int.random(in: 0...lines[place].count, using: &generator)
      lines[place] = String(lines[place].prefix(cut))
    }
    return lines.joined(separator: "\n")
  }

  /// One of the line's numbers becomes something else.
  private mutating func withNumberReplaced(_ line: String) -> String {
    let starts = line.indices.filter { index in
      ("0"..."9").contains(line[index]) && (index == line.startIndex || !("0"..."9").contains(line[line.index(before: index)]))
    }
    guard let start = starts.randomElement(using: &generator) else { return line }
    let rest = line[start...].drop { ("0"..."9").contains($0) }
    return line[..<start] + Self.values[Int.random(in: Self.values.indices, using: &generator)] + rest
  }
}

@Suite struct FuzzTests {
  private static let services = ServiceCatalog([TinyService.self, JamService.self])

  /// 10,000 damaged scenarios: each is either read or refused with a message that names the file.
  @Test func damagedScenariosAreReadOrRefused() throws {
    var texts = [tinyScenario, loadScenario, loadScenario, loadScenario]
    for file in try shippedScenarios() { texts.append(try String(contentsOf: file, encoding: .utf8)) }
    var mutator = Mutator(generator: SeededGenerator(state: 20_060_724))
    var read = 0
    var refused = 0
    for round in 0..<10_000 {
      // The long flagship costs most and shows least, so the small ones take most of the rounds.
      let text = mutator.damaged(round % 8 == 0 ? texts[round / 8 % texts.count] : tinyScenario)
      do throws(ConfigurationError) {
        let scenario = try ScenarioLoader.load(text: text, file: "fuzz.yaml", services: Self.services)
        read += 1
        if scenario.services.isEmpty || scenario.population.members < 1 || scenario.tickNanoseconds < 1 {
          Issue.record("round \(round) gave an impossible scenario:\n\(text)")
        }
        if scenario.load.stages.contains(where: { !(0...LoadSettings.maximumRatePerSecond).contains($0.ratePerSecond) || $0.durationNanoseconds < 1 })
          || !(0...LoadSettings.maximumStagesNanoseconds).contains(scenario.load.stagesNanoseconds)
        {
          Issue.record("round \(round) gave an impossible load:\n\(text)")
        }
        for expectation in scenario.expectations { _ = expectation.evaluate(observed: 1, scale: 0.5) }
      } catch {
        refused += 1
        let isComplete = error.file == "fuzz.yaml" && !error.message.isEmpty && "\(error)".hasPrefix("fuzz.yaml:")
        if !isComplete || "\(error)".contains("\n") || "\(error)".contains("\u{1B}") {
          Issue.record("round \(round) gave a bad message: \(error)\n\(text)")
        }
      }
    }
    // Both happen often, or the changes are too tame or too wild to show anything.
    #expect(read > 500)
    #expect(refused > 2_000)
  }

  /// The same for what stands on a command line.
  @Test func damagedOverridesAreTakenOrRefused() {
    let overrides = [
      "services.jam.forums=3", "population.regions.0.share=2", "duration=2h", "services.tiny.weights=[1, 2, 3]", "expect=[]",
      "services={tiny: {count: 2}}", "population.roles.leaders=1%",
      "load.warmUp=5s", "load.stages=[{ shape: spike, rate: 20000/s, for: 10s }]",
    ]
    var mutator = Mutator(generator: SeededGenerator(state: 7))
    for round in 0..<1_000 {
      let override = mutator.damaged(overrides[round % overrides.count])
      do throws(ConfigurationError) {
        _ = try ScenarioLoader.load(text: tinyScenario, file: "fuzz.yaml", overrides: [override], services: Self.services)
      } catch {
        if error.message.isEmpty || error.file.isEmpty || "\(error)".contains("\n") { Issue.record("bad message: \(error) for \(override)") }
      }
    }
  }
}
