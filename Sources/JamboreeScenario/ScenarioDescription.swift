import JamboreeKit

extension Scenario {
  /// Every parameter in force with its unit and meaning, as a scenario that says the same: what this text says can be
  /// saved, changed and run. Sizes are those before scaling.
  public func describe() -> String {
    var lines: [Line] = []
    for parameter in descriptions { append(parameter, indent: "", to: &lines) }
    let width = min(lines.map(\.code.count).max() ?? 0, 44)
    var texts = scale == 1 ? [] : ["# at scale \(plain(scale)): \(population.members) members"]
    for line in lines {
      let padding = String(repeating: " ", count: max(width - line.code.count, 0))
      texts.append(line.note.isEmpty ? line.code : "\(line.code)\(padding)  # \(line.note)")
    }
    return texts.joined(separator: "\n")
  }

  private struct Line {
    let code: String
    let note: String
  }

  private func append(_ parameter: ParameterDescription, indent: String, to lines: inout [Line]) {
    switch parameter.kind {
    case .section(let inner), .keyed(let inner):
      lines.append(Line(code: "\(indent)\(parameter.key):", note: parameter.summary))
      for next in inner { append(next, indent: indent + "  ", to: &lines) }
    case .pairs(let given):
      lines.append(Line(code: "\(indent)\(parameter.key):\(given.isEmpty ? " {}" : "")", note: parameter.summary))
      for (name, value) in given { lines.append(Line(code: "\(indent)  \(name): \(quotedJSON(value))", note: "")) }
    case .list(_, let entries):
      guard !entries.isEmpty else {
        // Without entries the defaults are in force, which have no text of their own.
        let initial = parameter.defaultValue ?? "[]"
        let code = initial == "[]" ? "\(indent)\(parameter.key): []" : "\(indent)# \(parameter.key): the default's \(initial)"
        return lines.append(Line(code: code, note: parameter.summary))
      }
      lines.append(Line(code: "\(indent)\(parameter.key):", note: parameter.summary))
      for entry in entries { append(entry: entry, indent: indent + "  ", to: &lines) }
    default:
      guard parameter.value != nil else {
        return lines.append(Line(code: "\(indent)# \(parameter.key): not given", note: parameter.summary))
      }
      lines.append(Line(code: "\(indent)\(parameter.key): \(written(parameter))", note: note(parameter)))
    }
  }

  /// An entry of a list: on one line if it has no parts of its own.
  private func append(entry: [ParameterDescription], indent: String, to lines: inout [Line]) {
    let isFlat = entry.allSatisfy { parameter in
      switch parameter.kind {
      case .section, .keyed, .pairs, .list: false
      default: true
      }
    }
    if isFlat {
      let given = entry.filter { $0.value != nil }.map { "\($0.key): \(written($0))" }
      lines.append(Line(code: "\(indent)- { \(given.joined(separator: ", ")) }", note: ""))
    } else {
      lines.append(Line(code: "\(indent)-", note: ""))
      for parameter in entry { append(parameter, indent: indent + "  ", to: &lines) }
    }
  }

  private func note(_ parameter: ParameterDescription) -> String {
    var note = parameter.unit.isEmpty ? parameter.summary : "\(parameter.unit): \(parameter.summary)"
    if let initial = parameter.defaultValue, initial != parameter.value { note += " (default \(initial.isEmpty ? "none" : initial))" }
    return note
  }

  private func written(_ parameter: ParameterDescription) -> String {
    let value = parameter.value ?? ""
    return if case .text = parameter.kind { quotedJSON(value) } else { value }
  }
}

extension Scenario: CustomStringConvertible {
  /// As ``describe()``.
  public var description: String { describe() }
}
