/// Keys with a single value. All of them throw ``ConfigurationError`` for a value of another kind or out of range, and
/// for a key that is missing where the default is nil. A key with nothing behind it (`key:`, `key: ~`) counts as not given.
extension ParameterReader {
  /// Reads a finite number. `2%` means 0.02.
  /// - Parameters:
  ///   - range: an infinite bound means that there is none.
  ///   - leftOut: what it is here when it is left out, if that is another value than the default that it has by itself: as in a
  ///     mix, of which what is given is all there is.
  public mutating func number(
    _ key: String, default defaultValue: Double?, leftOut: Double? = nil, in range: ClosedRange<Double>, unit: String = "",
    _ summary: String
  ) throws(ConfigurationError) -> Double {
    let value = try scalar(key, default: leftOut ?? defaultValue, standIn: clamped(0, range), "a number" + inWords(range), parseNumber, range.contains)
    describe(key, .number(range), unit: unit, default: defaultValue.map(plain), value: plain(value), summary)
    return value
  }

  /// Reads a number that may be left out; nil when it is.
  public mutating func optionalNumber(
    _ key: String, in range: ClosedRange<Double>, unit: String = "", _ summary: String
  ) throws(ConfigurationError) -> Double? {
    var value: Double?
    if has(key) {
      // `key:` with nothing behind it is not given, which the infinity shows; no text means infinity.
      let given = try scalar(key, default: .infinity, standIn: 0, "a number" + inWords(range), parseNumber, range.contains)
      if given.isFinite { value = given }
    } else {
      _ = note(key)
    }
    describeOptional(key, .number(range), unit: unit, value: value.map(plain), summary)
    return value
  }

  /// Reads a whole number; `1e6` and `1_000` are taken too.
  public mutating func integer(
    _ key: String, default defaultValue: Int?, in range: ClosedRange<Int>, unit: String = "", _ summary: String
  ) throws(ConfigurationError) -> Int {
    let value = try scalar(
      key, default: defaultValue, standIn: range.lowerBound,
      "a whole number from \(range.lowerBound) to \(range.upperBound)", parseInteger, range.contains)
    describe(key, .integer(range), unit: unit, default: defaultValue.map { "\($0)" }, value: "\(value)", summary)
    return value
  }

  /// Reads a seed: a whole number from 0 to 2^64 - 1.
  public mutating func seed(_ key: String, default defaultValue: UInt64?, _ summary: String) throws(ConfigurationError) -> UInt64 {
    let value = try scalar(
      key, default: defaultValue, standIn: 1, "a whole number from 0 to \(UInt64.max)", parseSeed) { _ in true }
    describe(key, .seed, default: defaultValue.map { "\($0)" }, value: "\(value)", summary)
    return value
  }

  /// Reads `true` or `false`, and no other word: `yes` and `no` mean different things to different readers of YAML.
  public mutating func boolean(_ key: String, default defaultValue: Bool?, _ summary: String) throws(ConfigurationError) -> Bool {
    let value = try scalar(
      key, default: defaultValue, standIn: false, "true or false", { $0 == "true" ? true : $0 == "false" ? false : nil }) { _ in true }
    describe(key, .boolean, default: defaultValue.map { "\($0)" }, value: "\(value)", summary)
    return value
  }

  /// Reads text, quoted or not; what looks like a number is taken as it is written.
  public mutating func text(_ key: String, default defaultValue: String?, _ summary: String) throws(ConfigurationError) -> String {
    let value = try scalar(key, default: defaultValue, standIn: "", "text", acceptsQuoted: true, { $0 }) { _ in true }
    describe(key, .text(pattern: nil), default: defaultValue, value: value, summary)
    return value
  }

  /// Reads text that has a form of its own.
  public mutating func text<Value>(
    _ key: String, default defaultValue: Value?, as form: TextForm<Value>, _ summary: String
  ) throws(ConfigurationError) -> Value {
    let value = try scalar(
      key, default: defaultValue, standIn: form.standIn, form.expected, acceptsQuoted: true, form.parse) { _ in true }
    describe(key, .text(pattern: form.pattern), default: defaultValue.map(form.format), value: form.format(value), summary)
    return value
  }

  /// Reads one of an enumeration's names.
  public mutating func choice<Value: CaseIterable & RawRepresentable>(
    _ key: String, default defaultValue: Value?, _ summary: String
  ) throws(ConfigurationError) -> Value where Value.RawValue == String {
    let names = Value.allCases.map(\.rawValue)
    guard let standIn = Value.allCases.first else { throw fail(key, "there is nothing to choose from") }
    let value = try scalar(
      key, default: defaultValue, standIn: standIn, "one of " + names.joined(separator: ", "), acceptsQuoted: true,
      { Value(rawValue: $0) }) { _ in true }
    describe(key, .choice(names), default: defaultValue?.rawValue, value: value.rawValue, summary)
    return value
  }

  /// Reads a duration such as `500ms`, `5s`, `10m`, `1h30m`, `7d`; a bare number is refused, except 0.
  /// - Returns: nanoseconds.
  public mutating func duration(
    _ key: String, default defaultValue: Int64?, in range: ClosedRange<Int64>, _ summary: String
  ) throws(ConfigurationError) -> Int64 {
    let value = try scalar(
      key, default: defaultValue, standIn: range.lowerBound, durationWithin(range), acceptsQuoted: true, parseLongDuration, range.contains)
    describe(key, .duration(range), default: defaultValue.map(durationText), value: durationText(value), summary)
    return value
  }

  /// Reads a duration that may be left out; nil when it is.
  /// - Returns: nanoseconds.
  public mutating func optionalDuration(
    _ key: String, in range: ClosedRange<Int64>, _ summary: String
  ) throws(ConfigurationError) -> Int64? {
    // No text means a negative duration, so this one shows that there is none.
    let given = try scalar(
      key, default: Int64.min, standIn: range.lowerBound, durationWithin(range), acceptsQuoted: true, parseLongDuration, range.contains)
    let value = given == .min ? nil : given
    describeOptional(key, .duration(range), unit: "", value: value.map(durationText), summary)
    return value
  }

  /// Reads a list of numbers, of a fixed length if `count` is given.
  public mutating func numbers(
    _ key: String, count: Int?, default defaultValue: [Double]?, in range: ClosedRange<Double>, _ summary: String
  ) throws(ConfigurationError) -> [Double] {
    let expected = "a list of \(count.map { "\($0) " } ?? "")numbers" + inWords(range)
    var values: [Double]
    if let entry = note(key) {
      guard case .list(let nodes) = entry.node.value else { throw fail(key, "expected \(expected), found \(entry.node.kindName)") }
      if let count, nodes.count != count { throw fail(key, "expected \(expected), found \(nodes.count == 1 ? "1 entry" : "\(nodes.count) entries")") }
      values = []
      for (index, node) in nodes.enumerated() {
        guard case .scalar(let text, false) = node.value, let number = parseNumber(text), range.contains(number) else {
          throw ConfigurationError(
            file: node.file, line: node.line, path: path.isEmpty ? "\(key).\(index)" : "\(path).\(key).\(index)",
            message: "expected a number\(inWords(range)), found \(node.kindName)")
        }
        values.append(number)
      }
    } else if let defaultValue {
      values = defaultValue
    } else {
      values = try required(key, [Double](repeating: clamped(0, range), count: count ?? 1), expected)
    }
    func list(_ values: [Double]) -> String { "[" + values.map(plain).joined(separator: ", ") + "]" }
    describe(key, .numbers(count: count, range), default: defaultValue.map(list), value: list(values), summary)
    return values
  }

  // MARK: What they share

  private mutating func scalar<Value>(
    _ key: String, default defaultValue: Value?, standIn: Value, _ expected: String, acceptsQuoted: Bool = false,
    _ parse: (String) -> Value?, _ isInRange: (Value) -> Bool
  ) throws(ConfigurationError) -> Value {
    guard let entry = note(key) else {
      if let defaultValue { return defaultValue }
      return try required(key, standIn, expected)
    }
    guard case .scalar(let text, let isQuoted) = entry.node.value else {
      throw fail(key, "expected \(expected), found \(entry.node.kindName)")
    }
    guard let value = parse(text), acceptsQuoted || !isQuoted else {
      throw fail(key, "expected \(expected), found \(entry.node.kindName)\(hint(text, isQuoted: isQuoted, parses: parse(text) != nil))")
    }
    guard isInRange(value) else { throw fail(key, "\(entry.node.kindName) is out of range: expected \(expected)") }
    return value
  }

  /// The way out of mistakes that are easily made.
  private func hint(_ text: String, isQuoted: Bool, parses: Bool) -> String {
    if isQuoted { return parses ? "; remove the quotes" : "" }
    let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
    if digits.count > 1, digits.first == "0", digits.allSatisfy({ $0.isASCII && $0.isNumber }) {
      return "; leave out the leading zero, which some readers take for octal"
    }
    return ""
  }
}

private func durationWithin(_ range: ClosedRange<Int64>) -> String {
  "a duration from \(durationText(range.lowerBound)) to \(durationText(range.upperBound)), such as 500ms, 5s, 10m or 1h30m"
}

private func clamped(_ value: Double, _ range: ClosedRange<Double>) -> Double {
  min(max(value, range.lowerBound), range.upperBound)
}
