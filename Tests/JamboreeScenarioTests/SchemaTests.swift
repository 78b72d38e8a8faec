import Foundation
import JamboreeKit
import JamboreeScenario
import JamboreeWorkloads
import Testing

@Suite struct SchemaTests {
  private func schema(_ services: ServiceCatalog) throws -> [String: Any] {
    let text = try ScenarioSchema.json(services: services)
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func inner(_ schema: [String: Any], _ path: String...) throws -> [String: Any] {
    try path.reduce(schema) { schema, key in
      let object = (schema["items"] as? [String: Any]) ?? schema
      return try #require((object["properties"] as? [String: Any])?[key] as? [String: Any], "\(key)")
    }
  }

  @Test func listsEveryKey() throws {
    let schema = try schema(ServiceCatalog([TinyService.self, JamService.self]))
    #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["additionalProperties"] as? Bool == false)
    #expect(schema["required"] as? [String] == ["name", "duration", "population", "services"])
    func keys(_ schema: [String: Any]) -> Set<String> {
      let object = (schema["items"] as? [String: Any]) ?? schema
      return Set(((object["properties"] as? [String: Any]) ?? [:]).keys)
    }
    #expect(
      keys(schema) == [
        "name", "summary", "version", "start", "duration", "tick", "seed", "population", "services", "ranker", "measure", "drain",
        "truth", "feed",
        "load", "expect",
      ])
    #expect(keys(try inner(schema, "population")) == ["members", "employees", "alumni", "regions", "roles", "interests", "graph"])
    #expect(keys(try inner(schema, "population", "regions")) == ["name", "share", "utcOffset"])
    #expect(keys(try inner(schema, "ranker")) == ["id", "options"])
    #expect(keys(try inner(schema, "measure")) == ["bucket", "requestsPerPage", "judgedPages"])
    #expect(keys(try inner(schema, "expect")) == ["metric", "value", "tolerance", "min", "max", "scales", "fromScale", "dispersion"])
    #expect(keys(try inner(schema, "load")) == ["arrivals", "warmUp", "measure", "drain", "lateness", "stages"])
    #expect(keys(try inner(schema, "load", "lateness")) == ["limit", "share"])
    #expect(keys(try inner(schema, "load", "stages")) == ["shape", "rate", "for"])
    #expect(keys(try inner(schema, "services")) == ["tiny", "jam"])
    #expect(
      keys(try inner(schema, "services", "tiny"))
        == ["rate", "count", "isLoud", "label", "colour", "waiting", "weights", "parts"])
    #expect(keys(try inner(schema, "services", "jam")).isSuperset(of: ["participation", "forums", "thinkTime", "arrivals", "mood"]))
  }

  @Test func carriesTypesRangesAndDefaults() throws {
    let schema = try schema(catalog)
    let count = try inner(schema, "services", "tiny", "count")
    #expect(count["type"] as? String == "integer")
    #expect(count["minimum"] as? Int == 1)
    #expect(count["maximum"] as? Int == 1_000_000)
    #expect(count["default"] as? Int == 3)
    #expect(count["description"] as? String == "how many (things)")
    let weights = try inner(schema, "services", "tiny", "weights")
    #expect(weights["default"] as? [Double] == [1, 2, 3])
    #expect(weights["minItems"] as? Int == 3)
    #expect(try inner(schema, "services", "tiny", "colour")["enum"] as? [String] == ["red", "green"])
    #expect(try inner(schema, "tick")["default"] as? String == "5s")
    #expect(try inner(schema, "expect", "value")["default"] == nil)
    #expect(try inner(schema, "load", "warmUp")["default"] as? String == "10s")
    #expect(try inner(schema, "load", "measure")["default"] == nil)
    #expect(try inner(schema, "load", "arrivals")["enum"] as? [String] == ["constant", "poisson"])
    #expect(try inner(schema, "load", "stages", "shape")["enum"] as? [String] == ["step", "ramp", "spike", "soak"])
    #expect(try inner(schema, "load", "stages", "rate")["pattern"] as? String == "^[0-9]+(\\.[0-9]+)?/[smh]$")
  }

  /// What `describe` says is itself a scenario, and says the same.
  @Test func descriptionIsAScenario() throws {
    let scenario = try load(tinyScenario, ["services.tiny.label=\"a: \\\"b\\\" # c\\n\"", "services.tiny.parts=[{size: 2}, {size: 3}]"])
    let text = scenario.describe()
    #expect(text.contains("    count: 7 "))
    #expect(text.contains("# things: how many (default 3)\n"))
    #expect(text.contains("- { name: \"East\", share: 2, utcOffset: \"+05:30\" }\n"))
    let again = try load(text)
    #expect(again.describe() == text)
    #expect(again.population == scenario.population)
    #expect(again.expectations == scenario.expectations)
    #expect(try tiny(again).label == "a: \"b\" # c\n")
    #expect(try tiny(again).parts == [2, 3])
  }

  @Test func descriptionTellsTheScale() throws {
    #expect(try load(tinyScenario, scale: 0.5).describe().hasPrefix("# at scale 0.5: 500 members\nname: \"tiny-run\""))
  }

  @Test func laterServicesReplaceEarlierOnes() {
    #expect(ServiceCatalog([TinyService.self, JamService.self, TinyService.self]).ids == ["tiny", "jam"])
  }
}
