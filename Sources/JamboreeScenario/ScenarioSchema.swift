import JamboreeKit

/// The JSON Schema of scenario files, for editors. Made from the same declarations that the reader checks by; a little
/// stricter where YAML's readers differ (`1_000` is for this program a number, for an editor a text).
public enum ScenarioSchema {
  /// - Returns: JSON Schema, draft 2020-12, indented; keys in the order of the documentation.
  public static func json(services: ServiceCatalog) throws(ConfigurationError) -> String {
    var schema: [(String, JSONText)] = [
      ("$schema", .string("https://json-schema.org/draft/2020-12/schema")), ("title", .string("Jamboree scenario")),
    ]
    schema += object(try Scenario.shape(catalog: services))
    return JSONText.object(schema).text()
  }

  private static func object(_ parameters: [ParameterDescription], isOptional: Bool = false) -> [(String, JSONText)] {
    var result: [(String, JSONText)] = [
      // `jam:` with nothing behind it is a service with all its defaults.
      ("type", isOptional ? .array([.string("object"), .string("null")]) : .string("object")),
      ("additionalProperties", .literal("false")),
    ]
    let required = parameters.filter(isNeeded).map { JSONText.string($0.key) }
    if !required.isEmpty { result.append(("required", .array(required))) }
    result.append(("properties", .object(parameters.map { ($0.key, .object(property($0))) })))
    return result
  }

  /// A mapping must be there if something in it must, and one of ids because it may not be empty.
  private static func isNeeded(_ parameter: ParameterDescription) -> Bool {
    switch parameter.kind {
    case .section(let inner): inner.contains(where: isNeeded)
    case .keyed: true
    default: parameter.isRequired
    }
  }

  private static func property(_ parameter: ParameterDescription) -> [(String, JSONText)] {
    var result: [(String, JSONText)] = []
    var initial: JSONText?
    let value = parameter.defaultValue ?? ""
    switch parameter.kind {
    case .number(let range):
      // A share may also be written as a percentage.
      let percentage: [(String, JSONText)] = [("type", .string("string")), ("pattern", .string("^[+-]?[0-9.]+%$"))]
      result = [("anyOf", .array([.object(bounded(range)), .object(percentage)]))]
      initial = .literal(value)
    case .integer(let range):
      result = [
        ("type", .string("integer")), ("minimum", .literal("\(range.lowerBound)")), ("maximum", .literal("\(range.upperBound)")),
      ]
      initial = .literal(value)
    case .seed:
      result = [("type", .string("integer")), ("minimum", .literal("0")), ("maximum", .literal("\(UInt64.max)"))]
      initial = .literal(value)
    case .boolean:
      result = [("type", .string("boolean"))]
      initial = .literal(value)
    case .text(let pattern):
      result = [("type", .string("string"))]
      if let pattern { result.append(("pattern", .string(pattern))) }
      initial = .string(value)
    case .choice(let names):
      result = [("enum", .array(names.map(JSONText.string)))]
      initial = .string(value)
    case .duration:
      // Text of that form, or a plain 0.
      result = [
        ("type", .array([.string("string"), .string("integer")])),
        ("pattern", .string("^(0|([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns))+)$")), ("minimum", .literal("0")), ("maximum", .literal("0")),
      ]
      initial = value == "0" ? .literal("0") : .string(value)
    case .numbers(let count, let range):
      result = [("type", .string("array")), ("items", .object(bounded(range)))]
      if let count { result += [("minItems", .literal("\(count)")), ("maxItems", .literal("\(count)"))] }
      initial = .literal(value)
    case .pairs:
      result = [
        ("type", .array([.string("object"), .string("null")])),
        ("additionalProperties", .object([("type", .array([.string("string"), .string("number"), .string("boolean")]))])),
      ]
    case .section(let inner): result = object(inner, isOptional: !inner.contains(where: isNeeded))
    case .keyed(let inner): result = object(inner) + [("minProperties", .literal("1"))]
    case .list(let inner, entries: _):
      result = [("type", .string("array")), ("items", .object(object(inner)))]
      if value == "[]" { initial = .literal("[]") }
    }
    if parameter.defaultValue != nil, let initial { result.append(("default", initial)) }
    let unit = parameter.unit.isEmpty ? "" : " (\(parameter.unit))"
    result.append(("description", .string(parameter.summary + unit)))
    return result
  }

  private static func bounded(_ range: ClosedRange<Double>) -> [(String, JSONText)] {
    var result: [(String, JSONText)] = [("type", .string("number"))]
    if range.lowerBound.isFinite { result.append(("minimum", .literal(plain(range.lowerBound)))) }
    if range.upperBound.isFinite { result.append(("maximum", .literal(plain(range.upperBound)))) }
    return result
  }
}

/// JSON with its keys in a chosen order.
private indirect enum JSONText {
  case object([(String, JSONText)])
  case array([JSONText])
  case string(String)
  /// Written as it stands: numbers, `true`, `[]`.
  case literal(String)

  func text(indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .object(let members):
      if members.isEmpty { return "{}" }
      let lines = members.map { "\(inner)\(quotedJSON($0.0)): \($0.1.text(indent: inner))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    case .array(let elements): return "[\(elements.map { $0.text(indent: indent) }.joined(separator: ", "))]"
    case .string(let text): return quotedJSON(text)
    case .literal(let text): return text
    }
  }
}

/// A text in double quotes with what JSON, and so YAML, wants escaped.
func quotedJSON(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\t": result += "\\t"
    case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
      || scalar.value == 0xFEFF:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
