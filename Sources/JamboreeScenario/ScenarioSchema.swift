import Foundation
import JamboreeKit

/// The JSON Schema of scenario files, for editors. Made from the same declarations that the reader checks by.
public enum ScenarioSchema {
  /// - Returns: JSON Schema, draft 2020-12, indented.
  public static func json(services: ServiceCatalog) throws -> String {
    var schema = object(try Scenario.shape(catalog: services))
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Jamboree scenario"
    let data = try JSONSerialization.data(
      withJSONObject: schema, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  private static func object(_ parameters: [ParameterDescription]) -> [String: Any] {
    var properties: [String: Any] = [:]
    for parameter in parameters { properties[parameter.key] = property(parameter) }
    var result: [String: Any] = ["type": "object", "additionalProperties": false, "properties": properties]
    let required = parameters.filter(\.isRequired).map(\.key)
    if !required.isEmpty { result["required"] = required }
    return result
  }

  private static func property(_ parameter: ParameterDescription) -> [String: Any] {
    var result: [String: Any]
    switch parameter.kind {
    case .number(let range):
      // A share may also be written as a percentage.
      result = ["anyOf": [bounded("number", range.lowerBound, range.upperBound), percentage]]
    case .integer(let range):
      result = ["type": "integer", "minimum": range.lowerBound, "maximum": range.upperBound]
    case .seed: result = ["type": "integer", "minimum": 0]
    case .boolean: result = ["type": "boolean"]
    case .text(let pattern):
      result = ["type": "string"]
      if let pattern { result["pattern"] = pattern }
    case .choice(let names): result = ["enum": names]
    case .duration:
      result = ["anyOf": [["type": "string", "pattern": "^([0-9.]+(ns|us|ms|s|m|h|d))+$"], ["const": 0]]]
    case .numbers(let count, let range):
      result = ["type": "array", "items": bounded("number", range.lowerBound, range.upperBound)]
      if let count {
        result["minItems"] = count
        result["maxItems"] = count
      }
    case .section(let inner), .keyed(let inner): result = object(inner)
    case .list(let inner, entries: _): result = ["type": "array", "items": object(inner)]
    }
    var summary = parameter.summary
    if !parameter.unit.isEmpty { summary += " (\(parameter.unit))" }
    if let value = parameter.defaultValue, !value.isEmpty { summary += "; default \(value)" }
    result["description"] = summary
    return result
  }

  /// A bound that is not finite is none.
  private static func bounded(_ type: String, _ low: Double, _ high: Double) -> [String: Any] {
    var result: [String: Any] = ["type": type]
    if low.isFinite { result["minimum"] = low }
    if high.isFinite { result["maximum"] = high }
    return result
  }

  private static var percentage: [String: Any] { ["type": "string", "pattern": "^[0-9.]+%$"] }
}

extension Scenario {
  /// Every parameter with the value in force, as indented lines.
  public var description: String { lines(descriptions, indent: "").joined(separator: "\n") }

  private func lines(_ parameters: [ParameterDescription], indent: String) -> [String] {
    parameters.flatMap { parameter -> [String] in
      switch parameter.kind {
      case .section(let inner), .keyed(let inner):
        return ["\(indent)\(parameter.key):  # \(parameter.summary)"] + lines(inner, indent: indent + "  ")
      case .list:
        return ["\(indent)\(parameter.key): ...  # \(parameter.summary)"]
      default:
        let unit = parameter.unit.isEmpty ? "" : " \(parameter.unit)"
        return ["\(indent)\(parameter.key): \(parameter.value ?? "")\(unit)  # \(parameter.summary)"]
      }
    }
  }
}
