import JamboreeKit
import JamboreeScenario
import Testing

@Suite struct OverrideTests {
  @Test func replacesAndCreates() throws {
    let scenario = try load(
      tinyScenario,
      [
        "duration=3h", "start=Tuesday 14:00", "services.tiny.count=9", "services.tiny.waiting.thinkTime=5s", "measure.bucket=1h",
        "population.regions.0.share=5", "population.regions.1.utcOffset=\"+01:00\"", "services.tiny.weights=[3, 2, 1]",
        "services.tiny.parts.0.size=4", "seed=18446744073709551615", "services.tiny.label=a=b", "expect=[]",
      ])
    #expect(scenario.durationNanoseconds == 3 * 3_600_000_000_000)
    #expect(scenario.startMinuteOfWeek == 24 * 60 + 14 * 60)
    #expect(scenario.bucketNanoseconds == 3_600_000_000_000)
    #expect(scenario.population.regions.map(\.share) == [5, 1])
    #expect(scenario.population.regions.map(\.utcOffsetMinutes) == [330, 60])
    #expect(scenario.seed == Seed(.max))
    #expect(scenario.expectations.isEmpty)
    let service = try tiny(scenario)
    #expect(service.count == 9)
    #expect(service.pause == 5_000_000_000)
    #expect(service.weights == [3, 2, 1])
    #expect(service.parts == [4])
    #expect(service.label == "a=b")
  }

  @Test func laterOnesWinAndNullPutsTheDefaultBack() throws {
    #expect(try tiny(load(tinyScenario, ["services.tiny.count=9", "services.tiny.count=10"])).count == 10)
    #expect(try tiny(load(tinyScenario, ["services.tiny.count=~"])).count == 3)
    #expect(try tiny(load(tinyScenario, ["services.tiny=~"])).count == 3)
    #expect(try load(tinyScenario, ["population.regions=null"]).population.regions.count > 2)
  }

  @Test(arguments: [
    ("duration", "--set duration: expected key.path=value, as in --set services.jam.forums=8"),
    ("", "--set '': expected key.path=value, as in --set services.jam.forums=8"),
    (
      "services.tiny.count=",
      "--set services.tiny.count=: nothing stands after the equals sign; give a value, '~' for the default, or \"''\" for a text without characters"
    ),
    (
      "seed=  ",
      "--set seed=  : nothing stands after the equals sign; give a value, '~' for the default, or \"''\" for a text without characters"
    ),
    ("=5", "--set =5: expected key.path=value, as in --set services.jam.forums=8"),
    ("a..b=5", "--set a..b=5: expected key.path=value, as in --set services.jam.forums=8"),
    (
      "services.tiny.count=x",
      "--set services.tiny.count=x: services.tiny.count: expected a whole number from 1 to 1000000, found 'x'"
    ),
    (
      "services.tiny.cuont=1",
      "--set services.tiny.cuont=1: services.tiny.cuont: unknown key 'cuont'; did you mean 'count'? known keys: "
        + "rate, count, isLoud, label, colour, waiting, weights, parts"
    ),
    ("name.first=x", "--set name.first=x: name: has no 'first' to set: it is 'tiny-run', not a mapping or a list"),
    (
      "population.regions.x.share=1",
      "--set population.regions.x.share=1: population.regions: 'x' is no entry of this list; give its number, from 0, or 2 to add one at the end"
    ),
    (
      "population.regions.2.name=North",
      "--set population.regions.2.name=North: population.regions.2.share: required key 'share' is missing; add it (a number from 0 to 1000000000)"
    ),
    (
      "duration=109500d",
      "--set duration=109500d: duration: '109500d' is out of range: expected a duration from 1s to 366d, such as 500ms, 5s, 10m or 1h30m"
    ),
    (
      "duration=99999999999999999999d1h",
      "--set duration=99999999999999999999d1h: duration: '99999999999999999999d1h' is out of range: expected a duration from 1s to 366d, such as 500ms, 5s, 10m or 1h30m"
    ),
    (
      "seed=[1",
      "--set seed=[1: not valid YAML: while parsing a flow sequence (line 1), did not find expected ',' or ']'"
    ),
    (
      "services.tiny.label=#1",
      "--set services.tiny.label=#1: there is only a comment after the equals sign; put a text with '#' in quotes"
    ),
    (
      "services.tiny={count: 1, count: 2}",
      "--set services.tiny={count: 1, count: 2}: count: key 'count' is given twice; keep one"
    ),
    (
      "services.tiny.count=*a",
      "--set services.tiny.count=*a: aliases (*name) are not supported; write the value out, or put a text that begins with '*' in quotes"
    ),
    (
      "services.tiny.count=&a 7",
      "--set services.tiny.count=&a 7: anchors (&name) are not supported; write the value without one, or put a text that begins with '&' in quotes"
    ),
    ("seed=-1", "--set seed=-1: seed: expected a whole number from 0 to 18446744073709551615, found '-1'"),
    ("tick=3h", "--set tick=3h: tick: '3h' is out of range: expected a duration from 1ms to 10m, such as 500ms, 5s, 10m or 1h30m"),
  ])
  func refused(_ override: String, _ message: String) {
    #expect(refusal(tinyScenario, [override]) == message)
  }

  /// A list of the file that a flag has made longer is the flag's doing.
  @Test func listsThatAFlagHasLengthened() {
    let text = tinyScenario.replacing(line: "count: 7", with: "weights: [1, 2, 3]")
    #expect(
      refusal(text, ["services.tiny.weights.3=5"])
        == "--set services.tiny.weights.3=5: services.tiny.weights: expected a list of 3 numbers from 0 to 10, found 4 entries")
    #expect(
      refusal(text, ["services.tiny.weights.1=50"])
        == "--set services.tiny.weights.1=50: services.tiny.weights.1: expected a number from 0 to 10, found '50'")
  }

  @Test func hashCoversTextAndOverrides() throws {
    let plain = try load(tinyScenario).hash
    #expect(plain.utf8.count == 16)
    #expect(plain.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) })
    #expect(try load(tinyScenario).hash == plain)
    #expect(try load(tinyScenario, scale: 0.1).hash == plain)
    #expect(try load(tinyScenario, ["seed=2"]).hash != plain)
    #expect(try load(tinyScenario + "\n").hash != plain)
  }

  @Test func scaleShrinksThePopulation() throws {
    let tenth = try load(tinyScenario, scale: 0.1)
    #expect(tenth.population.members == 100)
    #expect(tenth.population.employees == 40)
    #expect(tenth.scale == 0.1)
    let least = try load(tinyScenario, scale: 1e-9)
    #expect(least.population.members == 1)
    #expect(least.population.employees == 1)
    #expect(
      refusal(tinyScenario, ["population.members=100000000"], scale: 2)
        == "--set population.members=100000000: population.members: 100000000 at scale 2 is more than 100000000; use --scale 1 or less")
  }
}
