import JamboreeKit
import JamboreePopulation

/// What to rehearse: who, doing what, for how long, and what should come of it.
public struct Scenario: Sendable {
  public let name: String
  public let summary: String
  /// Minutes since Monday 00:00 UTC at which virtual time begins.
  public let startMinuteOfWeek: Int
  public let durationNanoseconds: Int64
  /// Length of a tick of virtual time; a part of the scenario's meaning.
  public let tickNanoseconds: Int64
  public let seed: Seed
  /// Scaled: see ``scale``.
  public let population: PopulationParameters
  public let services: [any Service]
  /// Length of a timeline bucket.
  public let bucketNanoseconds: Int64
  /// Requests that one page view makes of a server, for sizing.
  public let requestsPerPage: Double
  public let expectations: [Expectation]
  /// What the population was multiplied by.
  public let scale: Double
  /// The file's text as read.
  public let text: String
  public let overrides: [String]
  /// Hexadecimal; of the text and the overrides.
  public let hash: String
  /// Every parameter with the value in force.
  public let descriptions: [ParameterDescription]

  init(
    _ root: ConfigurationNode?, text: String, overrides: [String], scale: Double, catalog: ServiceCatalog
  ) throws(ConfigurationError) {
    var reader = try root.map { node throws(ConfigurationError) in try ParameterReader(node) } ?? .describing()
    name = try reader.text("name", default: nil, "what runs are listed under")
    summary = try reader.text("summary", default: "", "one line")
    _ = try reader.integer("version", default: 1, in: 1...1, "of the scenario format")
    let start = try reader.text("start", default: "Monday 00:00", "weekday and time of day, UTC, as in Tuesday 14:00")
    guard let minute = parseStart(start) else {
      throw reader.fail("start", "expected a weekday and a time of day (UTC) as in 'Tuesday 14:00', found '\(start)'")
    }
    startMinuteOfWeek = minute
    let hour: Int64 = 3_600_000_000_000
    durationNanoseconds = try reader.duration("duration", default: nil, in: 1_000_000_000...(24 * 366 * hour), "how long it lasts")
    tickNanoseconds = try reader.duration(
      "tick", default: 5_000_000_000, in: 1_000_000...(hour / 6),
      "reads see the state at their tick's start; replies are heard of in the next")
    guard durationNanoseconds / tickNanoseconds < 1 << 40 else {
      throw reader.fail("tick", "too short for a duration of \(durationText(durationNanoseconds))")
    }
    seed = try readSeed(&reader)
    population = try reader.section("population", "who is there") { reader throws(ConfigurationError) in
      try readPopulation(&reader, scale: scale)
    }
    var services: [any Service] = []
    try reader.keyed("services", "what they do: a mapping from service to its parameters") { reader throws(ConfigurationError) in
      let ids = root == nil ? catalog.ids : reader.keys
      for id in ids {
        guard let type = catalog.service(id) else {
          var message = "unknown service '\(id)'"
          if let near = nearest(id, among: catalog.ids) { message += "; did you mean '\(near)'?" }
          throw reader.fail(id, message + " (known: \(catalog.ids.joined(separator: ", ")))")
        }
        services.append(
          try reader.section(id, type.descriptor.summary) { reader throws(ConfigurationError) in
            try type.init(parameters: &reader)
          })
      }
    }
    guard !services.isEmpty else {
      throw reader.fail("services", "names no service; add at least one of \(catalog.ids.joined(separator: ", "))")
    }
    self.services = services
    (bucketNanoseconds, requestsPerPage) = try reader.section("measure", "how results are cut") {
      reader throws(ConfigurationError) in
      (
        try reader.duration("bucket", default: hour / 6, in: 1_000_000...(24 * hour), "length of a timeline bucket"),
        try reader.number("requestsPerPage", default: 4, in: 0...1000, "requests that a page view makes of a server, for sizing")
      )
    }
    guard bucketNanoseconds >= tickNanoseconds else { throw reader.fail("measure", "bucket is shorter than a tick") }
    guard durationNanoseconds / bucketNanoseconds <= 100_000 else {
      throw reader.fail("measure", "bucket is so short that there would be over 100,000 of them; lengthen it")
    }
    expectations = try reader.list("expect", default: [], "what should come of it") { reader throws(ConfigurationError) in
      try Expectation(&reader)
    }
    try reader.finish()
    self.scale = scale
    self.text = text
    self.overrides = overrides
    hash = hexadecimal(stableHash(of: text + "\u{0}" + overrides.joined(separator: "\u{0}")))
    descriptions = reader.descriptions
  }

  /// The shape of a scenario without a scenario: for the schema.
  static func shape(catalog: ServiceCatalog) throws(ConfigurationError) -> [ParameterDescription] {
    try Scenario(nil, text: "", overrides: [], scale: 1, catalog: catalog).descriptions
  }
}

private func readSeed(_ reader: inout ParameterReader) throws(ConfigurationError) -> Seed {
  Seed(try reader.seed("seed", default: 1, "another seed is another run of the same scenario"))
}

private func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

private let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

/// Minutes since Monday 00:00; nil for anything but a weekday and a time of day.
func parseStart(_ text: String) -> Int? {
  let words = text.split(separator: " ")
  guard words.count == 2, let day = weekdays.firstIndex(of: String(words[0])), let minute = parseClock(words[1]) else {
    return nil
  }
  return day * 24 * 60 + minute
}

/// Minutes of `hh:mm`, 00:00 to 23:59.
func parseClock(_ text: Substring) -> Int? {
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0.isASCII && $0.isNumber } }) else { return nil }
  guard let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60 else { return nil }
  return hour * 60 + minute
}
