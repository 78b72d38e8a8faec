import JamboreeKit
import JamboreePopulation

/// Reads `population`, scaled.
func readPopulation(_ reader: inout ParameterReader, scale: Double) throws(ConfigurationError) -> PopulationParameters {
  let members = try reader.integer("members", default: nil, in: 1...100_000_000, unit: "members", "how many people there are; scales")
  let employees = try reader.integer(
    "employees", default: members, in: 0...100_000_000, unit: "members", "at most this many of them are employees, the rest guests; scales")
  let standard = PopulationParameters(members: 1)
  let regions = try reader.list("regions", default: standard.regions, "parts of the world, with shares of the members") {
    reader throws(ConfigurationError) in try readRegion(&reader)
  }
  guard (1...256).contains(regions.count) else { throw reader.fail("regions", "give 1 to 256 regions") }
  guard regions.contains(where: { $0.share > 0 }) else { throw reader.fail("regions", "all shares are 0; one must be above") }
  guard Set(regions.map(\.name)).count == regions.count else { throw reader.fail("regions", "two regions have the same name") }
  let (leaders, contributors) = try reader.section("roles", "participation inequality; the rest are lurkers") {
    reader throws(ConfigurationError) in
    (
      try reader.number("leaders", default: standard.leaderShare, in: 0...1, "share of members who make most of the content"),
      try reader.number("contributors", default: standard.contributorShare, in: 0...1, "share who make some now and then")
    )
  }
  guard leaders + contributors <= 1 else { throw reader.fail("roles", "leaders and contributors add up to more than 1") }
  let (topics, perMember) = try reader.section("interests", "what members care about") { reader throws(ConfigurationError) in
    (
      try reader.integer("topics", default: standard.topicCount, in: 1...64, "number of topics"),
      try reader.integer("perMember", default: standard.interestsPerMember, in: 0...64, "topics that a member cares about")
    )
  }
  guard perMember <= topics else { throw reader.fail("interests", "perMember is more than there are topics") }
  let graph = try reader.section("graph", "who follows whom") { reader throws(ConfigurationError) in try readGraph(&reader) }
  func scaled(_ count: Int) -> Int { Int(min((Double(count) * scale).rounded(), 100_000_000)) }
  return PopulationParameters(
    members: max(scaled(members), 1), employees: scaled(employees), regions: regions, leaderShare: leaders,
    contributorShare: contributors, topicCount: topics, interestsPerMember: perMember, graph: graph)
}

private func readRegion(_ reader: inout ParameterReader) throws(ConfigurationError) -> Region {
  let name = try reader.text("name", default: nil, "as it appears in results")
  guard !name.isEmpty || reader.keys.isEmpty else { throw reader.fail("name", "the name is empty") }
  let share = try reader.number("share", default: nil, in: 0...1e9, "of the members, relative to the other regions'")
  let offset = try reader.text("utcOffset", default: "+00:00", "local time minus UTC, as in \"+05:30\"")
  guard let minutes = parseOffset(offset) else {
    throw reader.fail("utcOffset", "expected a whole or half hour from \"-12:00\" to \"+14:00\" in quotes, found '\(offset)'")
  }
  return Region(name: name, share: share, utcOffsetMinutes: minutes)
}

private func parseOffset(_ text: String) -> Int? {
  guard let sign = text.first, sign == "+" || sign == "-", let minutes = parseClock(text.dropFirst()), minutes % 30 == 0 else {
    return nil
  }
  let offset = sign == "-" ? -minutes : minutes
  return (-12 * 60...14 * 60).contains(offset) ? offset : nil
}

private func readGraph(_ reader: inout ParameterReader) throws(ConfigurationError) -> GraphParameters {
  let standard = GraphParameters()
  return GraphParameters(
    meanDegree: try reader.number(
      "meanDegree", default: standard.meanDegree, in: 0...10_000, "mean number of people whom a member follows; 0 for no graph"),
    maximumDegree: try reader.integer("maximumDegree", default: standard.maximumDegree, in: 0...1_000_000, "most people whom one follows"),
    communitySize: try reader.integer("communitySize", default: standard.communitySize, in: 1...10_000_000, "members of a community"),
    communityShare: try reader.number(
      "communityShare", default: standard.communityShare, in: 0...1, "share of the edges that stay inside the community"))
}
