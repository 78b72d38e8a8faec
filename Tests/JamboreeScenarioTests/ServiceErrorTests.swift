import JamboreeKit
import JamboreeScenario
import JamboreeWorkloads
import Testing

/// What people get wrong about services, of all that ship: each mistake has one message, with line, key path and the way out.
@Suite struct ServiceErrorTests {
  private static let catalog = ServiceCatalog(platformServices)

  /// What somebody writes, and what is said of it.
  struct Mistake: CustomTestStringConvertible {
    let line: String
    let message: String
    var testDescription: String { line }
  }

  /// The services that have a mix: all but those of an event.
  static let visited = platformServices.map { $0.descriptor.id }.filter { $0 != "jam" && $0 != "selection" }

  /// The first of a service's actions, as its mix calls it.
  private static func action(_ id: String) -> String {
    let actions = platformServices.first { $0.descriptor.id == id }?.descriptor.actions ?? []
    return String(actions[0].name.dropFirst(id.count + 1))
  }

  /// A scenario whose service begins in line 6. What a service needs comes behind it.
  private static func scenario(_ id: String, _ lines: String...) -> String {
    let needed = platformServices.first { $0.descriptor.id == id }?.descriptor.requires ?? []
    let head = ["name: mistaken", "duration: 24h", "population: { members: 100, employees: 60, alumni: 40 }", "services:", "  \(id):"]
    return (head + lines.map { "    " + $0 } + needed.map { "  \($0): {}" }).joined(separator: "\n")
  }

  private static func refusal(_ text: String, _ overrides: [String] = []) -> String? {
    do {
      _ = try ScenarioLoader.load(text: text, file: "s.yaml", overrides: overrides, services: catalog)
      return nil
    } catch { return "\(error)" }
  }

  /// What a shipped service knows, in its order.
  private static func actions(_ id: String) throws -> [String] {
    let scenario = try ScenarioLoader.load(text: scenario(id, "participation: 1"), file: "s.yaml", services: catalog)
    let services = try #require(scenario.descriptions.first { $0.key == "services" })
    guard case .keyed(let all) = services.kind, let service = all.first(where: { $0.key == id }),
      case .section(let keys) = service.kind, let mix = keys.first(where: { $0.key == "mix" }), case .section(let actions) = mix.kind
    else { return [] }
    return actions.map(\.key)
  }

  @Test func everyServiceButThoseOfAnEventHasAMix() throws {
    #expect(Self.visited.count == platformServices.count - 2 && Self.visited.count >= 8)
    for id in Self.visited { #expect(try Self.actions(id).contains(Self.action(id)), "\(id)") }
  }

  // MARK: Which services

  @Test(arguments: visited) func aServiceNamedTwice(_ id: String) {
    let text = Self.scenario(id, "participation: 1", "actionsPerDay: 2") + "\n  \(id): {}\n"
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).lastIndex { $0.hasPrefix("  \(id):") }.map { $0 + 1 } ?? 0
    #expect(Self.refusal(text) == "s.yaml:\(line): services.\(id): key '\(id)' is given twice, first in line 5; keep one")
  }

  @Test(arguments: visited) func aServiceMisspelled(_ id: String) {
    let known = platformServices.map { $0.descriptor.id }.joined(separator: ", ")
    #expect(
      Self.refusal(Self.scenario("\(id)x", "participation: 1"))
        == "s.yaml:5: services.\(id)x: unknown service '\(id)x'; did you mean '\(id)'? known services: \(known)")
  }

  @Test func aServiceThatNobodyKnows() {
    let known = platformServices.map { $0.descriptor.id }.joined(separator: ", ")
    #expect(
      Self.refusal(Self.scenario("telegraph", "participation: 1"))
        == "s.yaml:5: services.telegraph: unknown service 'telegraph'; known services: \(known); "
        + "one of your own is known to a program that has it in its ServiceCatalog: see WritingAService.md")
  }

  /// Those that work on what another one leaves.
  static let dependent = platformServices.filter { !$0.descriptor.requires.isEmpty }.map { $0.descriptor.id }

  @Test(arguments: dependent) func aServiceWithoutWhatItWorksOn(_ id: String) throws {
    let needed = try #require(platformServices.first { $0.descriptor.id == id }?.descriptor.requires.first)
    let text = "name: a\nduration: 24h\npopulation: { members: 100 }\nservices:\n  \(id): {}\n"
    #expect(
      Self.refusal(text)
        == "s.yaml:5: services.\(id): works on what '\(needed)' leaves, which is not there; add services.\(needed), or leave \(id) out")
  }

  // MARK: The mix

  @Test(arguments: visited) func anActionMisspelled(_ id: String) throws {
    let known = try Self.actions(id)
    let action = try #require(known.last)
    #expect(
      Self.refusal(Self.scenario(id, "mix:", "  \(action)x: 1"))
        == "s.yaml:7: services.\(id).mix.\(action)x: unknown key '\(action)x'; did you mean '\(action)'? known keys: "
        + known.joined(separator: ", "))
  }

  /// Text that is no weight, with what is said of it.
  static let weights: [Mistake] = [
    Mistake(line: "-1", message: "'-1' is out of range: expected a number from 0 to 1000000000000"),
    Mistake(line: "1e13", message: "'1e13' is out of range: expected a number from 0 to 1000000000000"),
    Mistake(line: ".nan", message: "expected a number from 0 to 1000000000000, found '.nan'"),
    Mistake(line: "NaN", message: "expected a number from 0 to 1000000000000, found 'NaN'"),
    Mistake(line: ".inf", message: "expected a number from 0 to 1000000000000, found '.inf'"),
    Mistake(line: "-.inf", message: "expected a number from 0 to 1000000000000, found '-.inf'"),
    Mistake(line: "1e999", message: "expected a number from 0 to 1000000000000, found '1e999'"),
    Mistake(line: "often", message: "expected a number from 0 to 1000000000000, found 'often'"),
    Mistake(line: "\"5\"", message: "expected a number from 0 to 1000000000000, found the quoted text '5'; remove the quotes"),
    Mistake(line: "[5]", message: "expected a number from 0 to 1000000000000, found a list"),
    Mistake(line: "{ a: 5 }", message: "expected a number from 0 to 1000000000000, found a mapping"),
  ]

  @Test(arguments: visited, weights) func aWeightThatIsNone(_ id: String, _ weight: Mistake) {
    let action = Self.action(id)
    #expect(
      Self.refusal(Self.scenario(id, "mix:", "  \(action): \(weight.line)")) == "s.yaml:7: services.\(id).mix.\(action): \(weight.message)")
  }

  @Test(arguments: visited) func aMixOfNothing(_ id: String) throws {
    let zeros = try Self.actions(id).map { "\($0): 0" }.joined(separator: ", ")
    for mix in ["{ \(zeros) }", "{ \(Self.action(id)): 0 }"] {
      #expect(
        Self.refusal(Self.scenario(id, "mix: \(mix)"))
          == "s.yaml:6: services.\(id).mix: all weights are 0; at least one action needs a weight above 0")
    }
    #expect(
      Self.refusal(Self.scenario(id, "mix: {}"))
        == "s.yaml:6: services.\(id).mix: no action is named, so nothing would be done; give one a weight above 0, or leave mix out")
    // A key with nothing behind it is not given.
    for nothing in ["mix:", "mix: ~"] { #expect(Self.refusal(Self.scenario(id, nothing)) == nil) }
  }

  /// `~` puts the default back: of one weight, where others are given, and of the whole mix, where none is.
  @Test func aWeightOfNothing() throws {
    func mix(_ lines: String..., overrides: [String] = []) throws -> [Double] {
      let head = "name: a\nduration: 24h\npopulation: { members: 100 }\nservices:\n  wiki:\n    participation: 1\n"
      let text = head + lines.map { "    \($0)\n" }.joined()
      let scenario = try ScenarioLoader.load(text: text, file: "s.yaml", overrides: overrides, services: Self.catalog)
      return try #require(scenario.services.first as? WikiService).parameters.visits.mix
    }
    let standard = try mix()
    #expect(standard.allSatisfy { $0 > 0 })
    #expect(try mix("mix: { view: ~ }") == standard)
    #expect(try mix(overrides: ["services.wiki.mix.view=~"]) == standard)
    #expect(try mix("mix: { view: ~, edit: 7 }") == [standard[0], 0, 0, 7])
    #expect(try mix("mix: { view: 90, edit: 10 }", overrides: ["services.wiki.mix.edit=~"]) == [90, 0, 0, standard[3]])
  }

  @Test(arguments: visited) func aMixThatIsNoMapping(_ id: String) {
    let action = Self.action(id)
    for (mix, found) in [("[\(action)]", "a list"), ("[{ \(action): 1 }]", "a list"), ("\(action)", "'\(action)'"), ("5", "'5'")] {
      #expect(
        Self.refusal(Self.scenario(id, "mix: \(mix)"))
          == "s.yaml:6: services.\(id).mix: expected a mapping of keys to values, found \(found)")
    }
  }

  /// From the command line: no line, but the flag.
  @Test(arguments: visited) func aFlag(_ id: String) {
    let action = Self.action(id)
    let flag = "services.\(id).mix.\(action)=-1"
    #expect(
      Self.refusal(Self.scenario(id, "participation: 1"), [flag])
        == "--set \(flag): services.\(id).mix.\(action): '-1' is out of range: expected a number from 0 to 1000000000000")
  }

  // MARK: When

  @Test(arguments: visited + ["jam"]) func localHours(_ id: String) {
    func refusal(_ hours: [String]) -> String? {
      Self.refusal(Self.scenario(id, "arrivals:", "  localHours: [\(hours.joined(separator: ", "))]"))
    }
    let place = "s.yaml:7: services.\(id).arrivals.localHours"
    for count in [0, 23, 25] {
      #expect(
        refusal([String](repeating: "1", count: count))
          == "\(place): expected a list of 24 numbers from 0 to 1000000, found \(count) entries")
    }
    #expect(refusal([String](repeating: "0", count: 24)) == "\(place): all weights are 0; at least one hour needs a weight above 0")
    var hours = [String](repeating: "1", count: 24)
    for (bad, found) in [("-1", "'-1'"), (".nan", "'.nan'"), ("\"1\"", "the quoted text '1'")] {
      hours[13] = bad
      #expect(refusal(hours) == "\(place).13: expected a number from 0 to 1000000, found \(found)")
    }
  }

  // MARK: How much

  /// Each is a line of a service's own.
  static let amounts = [
    Mistake(line: "participation: 1.01", message: "'1.01' is out of range: expected a number from 0 to 1"),
    Mistake(line: "participation: -1%", message: "'-1%' is out of range: expected a number from 0 to 1"),
    Mistake(line: "dailyActive: 2", message: "'2' is out of range: expected a number from 0 to 1"),
    Mistake(line: "actionsPerDay: 1001", message: "'1001' is out of range: expected a number from 0 to 1000"),
    Mistake(line: "actionsPerDay: .inf", message: "expected a number from 0 to 1000, found '.inf'"),
    Mistake(line: "actionsPerVisit: 0", message: "'0' is out of range: expected a number from 1 to 1000"),
    Mistake(line: "actionsPerVisit: 0.99", message: "'0.99' is out of range: expected a number from 1 to 1000"),
    Mistake(line: "actionsPerVisit: 1e4", message: "'1e4' is out of range: expected a number from 1 to 1000"),
    Mistake(
      line: "dailyActive: 0",
      message: "nobody comes, but there are actions to be done; raise it, or set actionsPerDay to 0"),
    // Beside 1 it is nothing.
    Mistake(
      line: "dailyActive: 1e-17",
      message: "nobody comes, but there are actions to be done; raise it, or set actionsPerDay to 0"),
  ]

  @Test(arguments: visited, amounts) func anAmountThatIsNone(_ id: String, _ mistake: Mistake) {
    let key = mistake.line.prefix { $0 != ":" }
    #expect(Self.refusal(Self.scenario(id, mistake.line)) == "s.yaml:6: services.\(id).\(key): \(mistake.message)")
  }

  @Test(arguments: visited) func nobodyComesAndNothingIsDone(_ id: String) {
    #expect(Self.refusal(Self.scenario(id, "dailyActive: 0", "actionsPerDay: 0")) == nil)
    #expect(Self.refusal(Self.scenario(id, "participation: 0")) == nil)
  }

  /// The first action of each service that takes writers. Those that do without have nothing to complain of.
  static let written = ["wiki": "edit", "alumni": "post", "moderation": "post", "blogs": "comment", "bookmarks": "add"]

  @Test(arguments: written.keys.sorted()) func nobodyWritesButThereIsWriting(_ id: String) throws {
    let action = try #require(Self.written[id])
    let message = "nobody writes, but '\(action)' is in the mix; raise writers.share, or give a mix without it"
    #expect(Self.refusal(Self.scenario(id, "writers: { share: 0 }")) == "s.yaml:6: services.\(id).writers: \(message)")
    #expect(
      Self.refusal(Self.scenario(id, "mix: { \(action): 1 }", "writers: { share: 0 }")) == "s.yaml:7: services.\(id).writers: \(message)")
  }

  @Test func noWritersAreNeededWhereNobodyWrites() {
    for (id, reading) in [("wiki", "view"), ("alumni", "read"), ("moderation", "read"), ("blogs", "readPost"), ("bookmarks", "browseTag")] {
      #expect(Self.refusal(Self.scenario(id, "writers: { share: 0 }", "mix: { \(reading): 1 }")) == nil)
    }
  }

  /// Those of whose actions all people who come do as much have nothing to say about writers.
  @Test(arguments: ["public", "notifications", "directory", "search"]) func writersWhereThereAreNone(_ id: String) throws {
    let message = try #require(Self.refusal(Self.scenario(id, "writers: { share: 50% }")))
    #expect(message.hasPrefix("s.yaml:6: services.\(id).writers: unknown key 'writers'; known keys: participation, "), "\(message)")
  }

  // MARK: What a service needs of the scenario

  private static let remedy = "set it to 0, or leave the service out"

  @Test(arguments: visited) func nobodyWhomAServiceIsFor(_ id: String) throws {
    let people = id == "alumni" ? "alumni" : "employees"
    let message = "it is for \(people), and the population has none; raise population.\(people), \(Self.remedy)"
    let none = ["population.\(people)=0"]
    // The public's own readers are in no population; those who post outside are.
    let key = id == "public" ? "external.share" : "participation"
    #expect(Self.refusal(Self.scenario(id, "thinkTime: { mean: 10s }"), none) == "s.yaml:5: services.\(id).\(key): \(message)")
    let lines = id == "public" ? ["external:", "  share: 1%"] : ["participation: 1%"]
    #expect(
      Self.refusal(Self.scenario(id, lines[0], lines.count > 1 ? lines[1] : "actionsPerVisit: 2"), none)
        == "s.yaml:\(5 + lines.count): services.\(id).\(key): \(message)")
    // Who is wanted by nobody may be missing. What a service works on has its own people, though.
    let isDependent = Self.dependent.contains(id)
    if !isDependent { #expect(Self.refusal(Self.scenario(id, "participation: 0", "external: { share: 0 }".onlyIf(id == "public")), none) == nil) }
    // A sample of a scenario that has some goes on, be it without any.
    for scale in [1e-9, 0.011] {
      _ = try ScenarioLoader.load(text: Self.scenario(id, "thinkTime: { mean: 10s }"), file: "s.yaml", scale: scale, services: Self.catalog)
    }
  }

  @Test func alumniOfACompanyOfEmployees() {
    #expect(
      Self.refusal(Self.scenario("alumni"), ["population.employees=100"])
        == "s.yaml:5: services.alumni.participation: it is for alumni, and the population has none; raise population.alumni, and "
        + "population.members above population.employees, \(Self.remedy)")
  }

  @Test func aStormOfNobody() {
    let message = "it is for employees, and the population has none; raise population.employees, \(Self.remedy)"
    #expect(
      Self.refusal(Self.scenario("public", "logins: { share: 20% }"), ["population.employees=0"])
        == "s.yaml:6: services.public.logins.share: \(message)")
  }

  @Test func aBrigadeOfMoreThanThereAre() throws {
    let text = Self.scenario("moderation", "brigade:", "  members: 61")
    #expect(
      Self.refusal(text)
        == "s.yaml:7: services.moderation.brigade.members: 61 are more than the 60 employees there are; lower it, or raise population.employees")
    #expect(Self.refusal(text, ["services.moderation.brigade.members=60"]) == nil)
    // It does not scale, and a sample has whom it has.
    _ = try ScenarioLoader.load(
      text: text, file: "s.yaml", overrides: ["services.moderation.brigade.members=60"], scale: 0.1, services: Self.catalog)
  }

  @Test(arguments: [("viral: { views: 10 }", "viral"), ("logins: { share: 50% }", "logins")]) func aPeakBehindTheEnd(_ line: String, _ crowd: String) {
    let flag = "services.public.\(crowd).peak=24.5h"
    #expect(
      Self.refusal(Self.scenario("public", line), [flag])
        == "--set \(flag): services.public.\(crowd).peak: a peak at 24h30m lies behind the end, at 24h: nobody would come as they do at one; "
        + "put it within the duration, or lengthen that")
    #expect(Self.refusal(Self.scenario("public", line), ["services.public.\(crowd).peak=24h"]) == nil)
    // Of a crowd that does not come it is no matter.
    #expect(Self.refusal(Self.scenario("public", "participation: 1"), [flag]) == nil)
    // The default, too.
    #expect(Self.refusal(Self.scenario("public", line), ["duration=1h"])?.hasPrefix("s.yaml:6: services.public.\(crowd).peak: ") == true)
  }

  @Test func aSelectionThatIsNotDoneInTime() {
    let text = Self.scenario("selection", "delay: 24h")
    let work = "and the drain, in which it has to be done, is over after"
    #expect(
      Self.refusal(text)
        == "s.yaml:6: services.selection.delay: the selection would begin 24h after the end, \(work) 24h; shorten it, or lengthen drain")
    // 31 posts of five ideas, and 18 of the hosts'.
    #expect(
      Self.refusal(text, ["drain=25h", "services.selection.reviewTime.mean=30m"])
        == "s.yaml:6: services.selection.delay: after a delay of 24h the selection takes about 4h more, \(work) 25h; shorten it or "
        + "reviewTime, or lengthen drain")
    #expect(Self.refusal(text, ["drain=30h"]) == nil)
    #expect(Self.refusal(text, ["drain=25h", "services.selection.reviewTime.mean=1m"]) == nil)
  }

  @Test(arguments: ["0", "-1", "100001"]) func aThresholdOutOfRange(_ value: String) {
    #expect(
      Self.refusal(Self.scenario("moderation", "threshold: \(value)"))
        == "s.yaml:6: services.moderation.threshold: '\(value)' is out of range: expected a whole number from 1 to 100000")
  }

  @Test func aThresholdOfAHalf() {
    #expect(
      Self.refusal(Self.scenario("moderation", "threshold: 0.5"))
        == "s.yaml:6: services.moderation.threshold: expected a whole number from 1 to 100000, found '0.5'")
  }

  @Test func crowdsThatHaveNoNumbers() {
    #expect(
      Self.refusal(Self.scenario("public", "viral:", "  views: 200000000"))
        == "s.yaml:7: services.public.viral.views: '200000000' is out of range: expected a whole number from 0 to 100000000")
  }
}

extension String {
  /// The text, or one that says nothing.
  fileprivate func onlyIf(_ condition: Bool) -> String { condition ? self : "actionsPerVisit: 2" }
}
