import JamboreeKit
import JamboreeScenario
import Testing

/// A service with one parameter of every kind, and nothing to run.
struct TinyService: Service {
  static let descriptor = ServiceDescriptor(id: "tiny", summary: "a service for tests", actions: [], verbs: [],
    figures: ["tiny.total", "tiny.answered", "tiny.calls.*", "a", "jam.pageViews", "jam.moodTurnHours"], readBackFigures: ["tiny.answered"])

  enum Colour: String, CaseIterable { case red, green }

  let rate: Double
  let count: Int
  let isLoud: Bool
  let label: String
  let colour: Colour
  let pause: Int64
  let weights: [Double]
  let parts: [Int]

  init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    rate = try reader.number("rate", default: 0.5, in: 0...1, "a share")
    count = try reader.integer("count", default: 3, in: 1...1_000_000, unit: "things", "how many")
    isLoud = try reader.boolean("isLoud", default: false, "whether")
    label = try reader.text("label", default: "none", "a text")
    colour = try reader.choice("colour", default: .red, "which")
    pause = try reader.section("waiting", "when nothing happens") { reader throws(ConfigurationError) in
      try reader.duration("thinkTime", default: 60_000_000_000, in: 1_000_000...3_600_000_000_000, "how long")
    }
    weights = try reader.numbers("weights", count: 3, default: [1, 2, 3], in: 0...10, "three of them")
    parts = try reader.list("parts", default: [], "what it is made of") { reader throws(ConfigurationError) in
      try reader.integer("size", default: nil, in: 1...10, "of the part")
    }
  }

  func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    throw ConfigurationError(file: "tests", line: nil, path: "", message: "this service cannot run")
  }
}

let catalog = ServiceCatalog([TinyService.self])

/// Valid, one key a line, so that tests can replace single lines.
let tinyScenario = """
  name: tiny-run
  duration: 2h
  population:
    members: 1000
    employees: 400
    regions:
      - name: East
        share: 2
        utcOffset: "+05:30"
      - name: West
        share: 1
        utcOffset: -08:00
  services:
    tiny:
      rate: 25%
      count: 7
      waiting:
        thinkTime: 1m30s
  expect:
    - metric: tiny.total
      value: 1000

  """

func load(_ text: String, _ overrides: [String] = [], scale: Double = 1) throws -> Scenario {
  try ScenarioLoader.load(text: text, file: "t.yaml", overrides: overrides, scale: scale, services: catalog)
}

/// The tiny service of a scenario.
func tiny(_ scenario: Scenario) throws -> TinyService { try #require(scenario.services.first as? TinyService) }

/// The whole message with which a text is refused; nil if it is not.
func refusal(_ text: String, _ overrides: [String] = [], scale: Double = 1) -> String? {
  do {
    _ = try load(text, overrides, scale: scale)
    return nil
  } catch { return "\(error)" }
}

extension String {
  func replacing(line old: String, with new: String) -> String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.trimmingSpaces == old ? $0.prefix { $0 == " " } + new : String($0) }.joined(separator: "\n")
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring { drop { $0 == " " } }
}
