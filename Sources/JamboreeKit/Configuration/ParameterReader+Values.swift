extension ParameterReader {
  /// Reads a number. `2%` means 0.02.
  /// - Parameter defaultValue: nil makes the key required.
  public mutating func number(
    _ key: String, default defaultValue: Double?, in range: ClosedRange<Double>, unit: String = "", _ summary: String
  ) throws(ConfigurationError) -> Double {
    let expected = "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
    var value = defaultValue ?? range.lowerBound
    if let entry = note(key) {
      guard let number = scalar(entry).flatMap(parseNumber) else {
        throw fail(key, "expected \(expected), found \(entry.node.kindName)")
      }
      guard range.contains(number) else { throw fail(key, "\(entry.node.kindName) is out of range: expected \(expected)") }
      value = number
    } else if defaultValue == nil {
      value = try required(key, value, expected)
    }
    describe(key, .number(range), unit: unit, default: defaultValue.map(plain), value: plain(value), summary)
    return value
  }

  /// Reads a whole number; `1e6` and `1_000` are taken too.
  public mutating func integer(
    _ key: String, default defaultValue: Int?, in range: ClosedRange<Int>, unit: String = "", _ summary: String
  ) throws(ConfigurationError) -> Int {
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    var value = defaultValue ?? range.lowerBound
    if let entry = note(key) {
      guard let number = scalar(entry).flatMap(parseInteger) else {
        throw fail(key, "expected \(expected), found \(entry.node.kindName)")
      }
      guard range.contains(number) else { throw fail(key, "\(entry.node.kindName) is out of range: expected \(expected)") }
      value = number
    } else if defaultValue == nil {
      value = try required(key, value, expected)
    }
    describe(key, .integer(range), unit: unit, default: defaultValue.map { "\($0)" }, value: "\(value)", summary)
    return value
  }

  public mutating func boolean(_ key: String, default defaultValue: Bool?, _ summary: String) throws(ConfigurationError) -> Bool {
    var value = defaultValue ?? false
    if let entry = note(key) {
      guard let text = scalar(entry), text == "true" || text == "false" else {
        throw fail(key, "expected true or false, found \(entry.node.kindName)")
      }
      value = text == "true"
    } else if defaultValue == nil {
      value = try required(key, value, "true or false")
    }
    describe(key, .boolean, unit: "", default: defaultValue.map { "\($0)" }, value: "\(value)", summary)
    return value
  }

  public mutating func text(_ key: String, default defaultValue: String?, _ summary: String) throws(ConfigurationError) -> String {
    var value = defaultValue ?? ""
    if let entry = note(key) {
      guard case .scalar(let text, _) = entry.node.value else { throw fail(key, "expected text, found \(entry.node.kindName)") }
      value = text
    } else if defaultValue == nil {
      value = try required(key, value, "text")
    }
    describe(key, .text, unit: "", default: defaultValue, value: value, summary)
    return value
  }

  /// Reads one of an enumeration's names.
  public mutating func choice<Value: CaseIterable & RawRepresentable>(
    _ key: String, default defaultValue: Value?, _ summary: String
  ) throws(ConfigurationError) -> Value where Value.RawValue == String {
    let names = Value.allCases.map(\.rawValue)
    var value = defaultValue
    if let entry = note(key) {
      guard case .scalar(let text, _) = entry.node.value, let named = Value(rawValue: text) else {
        throw fail(key, "expected one of \(names.joined(separator: ", ")), found \(entry.node.kindName)")
      }
      value = named
    }
    let result: Value
    if let value {
      result = value
    } else if let first = Value.allCases.first {
      result = try required(key, first, "one of " + names.joined(separator: ", "))
    } else {
      throw fail(key, "nothing can be chosen here")
    }
    describe(key, .choice(names), unit: "", default: defaultValue?.rawValue, value: result.rawValue, summary)
    return result
  }

  /// Reads a duration such as `500ms`, `5s`, `10m`, `1h30m`, `7d`; a bare number is refused, except 0.
  /// - Returns: nanoseconds.
  public mutating func duration(
    _ key: String, default defaultValue: Int64?, in range: ClosedRange<Int64>, _ summary: String
  ) throws(ConfigurationError) -> Int64 {
    let expected = "a duration from \(durationText(range.lowerBound)) to \(durationText(range.upperBound)), such as 500ms, 5s, 10m or 1h30m"
    var value = defaultValue ?? range.lowerBound
    if let entry = note(key) {
      guard case .scalar(let text, _) = entry.node.value, let nanoseconds = parseDuration(text) else {
        throw fail(key, "expected \(expected), found \(entry.node.kindName)")
      }
      guard range.contains(nanoseconds) else { throw fail(key, "\(entry.node.kindName) is out of range: expected \(expected)") }
      value = nanoseconds
    } else if defaultValue == nil {
      value = try required(key, value, expected)
    }
    describe(
      key, .duration(range), unit: "", default: defaultValue.map(durationText), value: durationText(value), summary)
    return value
  }

  /// Reads a list of numbers, of a fixed length if `count` is given.
  public mutating func numbers(
    _ key: String, count: Int?, default defaultValue: [Double]?, in range: ClosedRange<Double>, _ summary: String
  ) throws(ConfigurationError) -> [Double] {
    let expected = "a list of \(count.map { "\($0) " } ?? "")numbers from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
    var values = defaultValue ?? [Double](repeating: range.lowerBound, count: count ?? 1)
    if let entry = note(key) {
      guard case .list(let nodes) = entry.node.value else { throw fail(key, "expected \(expected), found \(entry.node.kindName)") }
      if let count, nodes.count != count { throw fail(key, "expected \(expected), found \(nodes.count)") }
      values = []
      for (index, node) in nodes.enumerated() {
        guard case .scalar(let text, false) = node.value, let number = parseNumber(text), range.contains(number) else {
          throw ConfigurationError(
            file: node.file, line: node.line, path: path.isEmpty ? "\(key).\(index)" : "\(path).\(key).\(index)",
            message: "expected a number from \(plain(range.lowerBound)) to \(plain(range.upperBound)), found \(node.kindName)")
        }
        values.append(number)
      }
    } else if defaultValue == nil {
      values = try required(key, values, expected)
    }
    func list(_ values: [Double]) -> String { "[" + values.map(plain).joined(separator: ", ") + "]" }
    describe(key, .numbers(count: count, range), unit: "", default: defaultValue.map(list), value: list(values), summary)
    return values
  }

  /// The text of a plain (unquoted) scalar.
  private func scalar(_ entry: ConfigurationNode.Entry) -> String? {
    if case .scalar(let text, false) = entry.node.value { return text }
    return nil
  }
}

/// A finite number; underscores between digits and a trailing per cent sign are allowed.
func parseNumber(_ text: String) -> Double? {
  var body = text[...]
  var factor = 1.0
  if body.hasSuffix("%") {
    body = body.dropLast()
    factor = 0.01
  }
  // Swift also reads hexadecimal and names of special values; a scenario has no use for them.
  guard let first = body.utf8.first, body.utf8.allSatisfy({ isNumberByte($0) }), first != UInt8(ascii: "_") else { return nil }
  guard let number = Double(body.filter { $0 != "_" }), number.isFinite else { return nil }
  return number * factor
}

private func isNumberByte(_ byte: UInt8) -> Bool {
  (byte >= 48 && byte <= 57) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
    || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") || byte == UInt8(ascii: "_")
}

/// A whole number that a 64-bit integer holds exactly.
func parseInteger(_ text: String) -> Int? {
  if let whole = Int(text.filter { $0 != "_" }), text.utf8.first != UInt8(ascii: "_") { return whole }
  guard !text.hasSuffix("%"), let number = parseNumber(text), number == number.rounded(), abs(number) < 9e15 else { return nil }
  return Int(number)
}

/// Nanoseconds of a text such as `1h30m`; nil if it is not one or does not fit.
public func parseDuration(_ text: String) -> Int64? {
  if text == "0" { return 0 }
  let units: [(String, Double)] = [
    ("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9), ("d", 86_400e9),
  ]
  var rest = text[...]
  var total = 0.0
  while !rest.isEmpty {
    let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard !digits.isEmpty, let amount = Double(digits) else { return nil }
    rest = rest.dropFirst(digits.count)
    let name = rest.prefix { $0.isASCII && $0.isLetter }
    guard let unit = units.first(where: { $0.0 == name }) else { return nil }
    rest = rest.dropFirst(name.count)
    total += amount * unit.1
  }
  guard !text.isEmpty, total < 9e18 else { return nil }
  return Int64(total.rounded())
}

/// A duration as a scenario would write it.
public func durationText(_ nanoseconds: Int64) -> String {
  guard nanoseconds != 0 else { return "0" }
  let units: [(String, Int64)] = [
    ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
    ("us", 1_000), ("ns", 1),
  ]
  var rest = nanoseconds.magnitude
  var result = nanoseconds < 0 ? "-" : ""
  for (name, size) in units where rest >= size.magnitude {
    // 72h reads better than 3d; days only where they come out even and are many.
    if name == "d", rest % size.magnitude != 0 || rest < 7 * size.magnitude { continue }
    result += "\(rest / size.magnitude)\(name)"
    rest %= size.magnitude
  }
  return result
}

/// A number without needless digits.
func plain(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
}
