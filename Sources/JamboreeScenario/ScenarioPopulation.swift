import Glibc
import JamboreeKit
import JamboreePopulation

private let maximumMembers = 100_000_000

/// Reads `population`, scaled, how many there are at its own size, and where it states its size and its graph's.
func readPopulation(
  _ reader: inout ParameterReader, scale: Double, folder: String
) throws(ConfigurationError) -> (PopulationParameters, full: ScenarioExtent.Headcount, members: ScenarioPlace, graph: ScenarioPlace) {
  let standard = PopulationParameters(members: 1)
  let members = try reader.integer(
    "members", default: nil, in: 1...maximumMembers, unit: "people", "how many there are; scales")
  let employees = try reader.integer(
    "employees", default: standard.employees, in: 0...maximumMembers, unit: "people",
    "at most this many are employees; scales")
  let alumni = try reader.integer(
    "alumni", default: standard.alumni, in: 0...maximumMembers, unit: "people",
    "at most this many of the others are alumni, the rest guests; scales")
  guard (Double(members) * scale).rounded() <= Double(maximumMembers) else {
    throw reader.fail("members", "\(members) at scale \(plain(scale)) is more than \(maximumMembers); use --scale \(plain((Double(maximumMembers) / Double(members) * 1000).rounded(.down) / 1000)) or less")
  }
  let regions = try reader.list("regions", default: standard.regions, "parts of the world, with shares of the members") {
    reader throws(ConfigurationError) in
    Region(
      name: try reader.text("name", default: nil, as: .regionName, "as it appears in results"),
      share: try reader.number("share", default: nil, in: 0...1e9, "of the members, relative to the other regions'"),
      utcOffsetMinutes: try reader.text("utcOffset", default: 0, as: .utcOffset, "local time minus UTC"))
  }
  guard (1...256).contains(regions.count) || reader.describesOnly else {
    throw reader.fail("regions", "expected 1 to 256 regions, found \(regions.count)")
  }
  guard regions.contains(where: { $0.share > 0 }) || reader.describesOnly else {
    throw reader.fail("regions", "all shares are 0; at least one region needs a share above 0")
  }
  var names: Set<String> = []
  for region in regions where !names.insert(region.name).inserted {
    throw reader.fail("regions", "two regions are named '\(region.name)'; rename one")
  }
  let (leaders, contributors) = try reader.section("roles", "participation inequality; the rest are lurkers") {
    reader throws(ConfigurationError) in
    let leaders = try reader.number("leaders", default: standard.leaderShare, in: 0...1, "share of members who make most of the content")
    let contributors = try reader.number(
      "contributors", default: standard.contributorShare, in: 0...1, "share of members who make some now and then")
    // A little more than 1, for shares that add up to it but for rounding.
    guard leaders + contributors <= 1 + 1e-9 else {
      throw reader.fail("contributors", "leaders and contributors add up to more than 1; lower one")
    }
    return (leaders, contributors)
  }
  let (topics, perMember) = try reader.section("interests", "what members care about") { reader throws(ConfigurationError) in
    let topics = try reader.integer("topics", default: standard.topicCount, in: 1...64, "number of topics")
    let perMember = try reader.integer(
      "perMember", default: min(standard.interestsPerMember, topics), in: 0...64, "topics that each member cares about")
    guard perMember <= topics else { throw reader.fail("perMember", "\(perMember) is more than there are topics (\(topics)); lower it") }
    return (topics, perMember)
  }
  let (graph, graphPlace) = try reader.section("graph", "who follows whom") { reader throws(ConfigurationError) in
    let graph = try readGraph(&reader, scale: scale, folder: folder)
    return (graph, ScenarioPlace(reader, graph.file == nil ? "meanDegree" : "file"))
  }
  func scaled(_ count: Int) -> Int { Int(min(max((Double(count) * scale).rounded(), 1), Double(maximumMembers))) }
  let parameters = PopulationParameters(
    members: scaled(members), employees: employees == 0 ? 0 : scaled(employees), alumni: alumni == 0 ? 0 : scaled(alumni),
    regions: regions, leaderShare: leaders,
    contributorShare: min(contributors, 1 - leaders), topicCount: topics, interestsPerMember: perMember, graph: graph)
  let full = ScenarioExtent.Headcount(members: members, employees: employees, alumni: alumni)
  return (parameters, full, ScenarioPlace(reader, "members"), graphPlace)
}

private func readGraph(
  _ reader: inout ParameterReader, scale: Double, folder: String
) throws(ConfigurationError) -> GraphParameters {
  let standard = GraphParameters()
  var graph = GraphParameters(
    meanDegree: try reader.number(
      "meanDegree", default: standard.meanDegree, in: 0...10_000, unit: "people", "whom a member follows on average; 0 for no graph"),
    maximumDegree: try reader.integer(
      "maximumDegree", default: standard.maximumDegree, in: 0...1_000_000, unit: "people", "most whom one member follows"),
    communitySize: try reader.integer(
      "communitySize", default: standard.communitySize, in: 1...10_000_000, unit: "people", "in a community, about; does not scale"),
    communityShare: try reader.number(
      "communityShare", default: standard.communityShare, in: 0...1, "share of a member's edges that stay inside the community"))
  graph.file = try readGraphFile(&reader, scale: scale, folder: folder)
  return graph
}

/// A real graph, which has one size, and degrees of its own.
private func readGraphFile(
  _ reader: inout ParameterReader, scale: Double, folder: String
) throws(ConfigurationError) -> GraphFile? {
  let generated = reader.keys.filter { $0 != "file" && $0 != "mutual" }
  let name = try reader.text(
    "file", default: "",
    "an edge list to use instead: two node ids a line, plain or gzip; its folder is the scenario's. Nodes are the first members")
  let isMutual = try reader.boolean("mutual", default: false, "whether each line of the file connects both ways")
  if reader.describesOnly { return nil }
  guard !name.isEmpty else {
    if isMutual { throw reader.fail("mutual", "there is no file whose lines could connect both ways; add file, or leave it out") }
    return nil
  }
  if let other = generated.first {
    throw reader.fail(other, "has no meaning for a graph from a file, which has degrees of its own; leave out either")
  }
  guard scale == 1 else {
    throw reader.fail(
      "file", "a graph from a file has one size and cannot be scaled by \(plain(scale)); leave out --scale, or use a generated graph with --set population.graph=~")
  }
  // What a flag names is where the flag is given; what a scenario names is where the scenario is.
  let isGivenByFlag = ScenarioPlace(reader, "file").line == nil
  let path = name.hasPrefix("/") || isGivenByFlag || folder.isEmpty ? name : "\(folder)/\(name)"
  do throws(PlainFile.Refusal) {
    close(try PlainFile.open(path).descriptor)
  } catch {
    let message = error.message(wanted: "an edge list", hint: "in a scenario it is relative to the scenario's folder, after --set to the working directory")
    throw reader.fail("file", "\(printable(path, limit: 1000)): \(message)")
  }
  return GraphFile(path: path, isMutual: isMutual)
}

extension TextForm where Value == String {
  /// A region's name becomes part of metric names and of tables.
  fileprivate static var regionName: TextForm {
    TextForm(
      expected: "a name of 1 to 40 characters", pattern: "^.{1,40}$", standIn: "region",
      parse: { printable($0, limit: 40) == $0 && !$0.isEmpty ? $0 : nil }, format: { $0 })
  }
}
