/// How scalars are written in a scenario: numbers and durations, read and shown.

/// A finite number, or nil: decimal, with optional fraction and exponent, underscores between digits, and a trailing
/// per cent sign (`2%` is 0.02). No leading zeros, which YAML 1.1 would take for octal; no hexadecimal, no names.
func parseNumber(_ text: String) -> Double? {
  let isPercentage = text.utf8.last == UInt8(ascii: "%")
  guard let digits = decimalDigits(isPercentage ? text.dropLast() : text[...]), let number = Double(digits), number.isFinite else {
    return nil
  }
  return isPercentage ? number / 100 : number
}

/// A whole number that fits, or nil; `1_000` and `1e6` are taken too.
func parseInteger(_ text: String) -> Int? {
  guard let digits = decimalDigits(text[...]) else { return nil }
  if let whole = Int(digits) { return whole }
  guard let number = Double(digits), number == number.rounded(), abs(number) < 9e15 else { return nil }
  return Int(number)
}

/// A whole number of 64 bits without a sign, or nil.
func parseSeed(_ text: String) -> UInt64? { decimalDigits(text[...]).flatMap { UInt64($0) } }

/// The text without its underscores if it is a decimal number, else nil.
private func decimalDigits(_ text: Substring) -> String? {
  // Longer ones are not written by anybody, and would only cost time.
  let bytes = Array(text.utf8.prefix(401))
  guard bytes.count <= 400 else { return nil }
  var kept: [UInt8] = []
  var position = 0
  func isDigit(_ index: Int) -> Bool { index >= 0 && index < bytes.count && bytes[index] >= 48 && bytes[index] <= 57 }
  func takeDigits() -> Int {
    var count = 0
    while position < bytes.count {
      if isDigit(position) {
        kept.append(bytes[position])
        count += 1
      } else if bytes[position] != UInt8(ascii: "_") || !isDigit(position - 1) || !isDigit(position + 1) {
        break
      }
      position += 1
    }
    return count
  }
  func take(_ choices: String) -> Bool {
    guard position < bytes.count, choices.utf8.contains(bytes[position]) else { return false }
    kept.append(bytes[position])
    position += 1
    return true
  }
  _ = take("+-")
  let first = position
  let whole = takeDigits()
  if whole > 1, bytes[first] == UInt8(ascii: "0") { return nil }
  var fraction = 0
  if take(".") {
    fraction = takeDigits()
    guard fraction > 0 else { return nil }
  }
  guard whole + fraction > 0 else { return nil }
  if take("eE") {
    _ = take("+-")
    guard takeDigits() > 0 else { return nil }
  }
  return position == bytes.count ? String(decoding: kept, as: UTF8.self) : nil
}

private let durationUnits: [(name: String, nanoseconds: Int64)] = [
  ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
  ("us", 1_000), ("ns", 1),
]

/// Nanoseconds of a text such as `1h30m`, `1.5h` or `0`; nil if it is not one or does not fit. Units come largest
/// first: `d`, `h`, `m`, `s`, `ms`, `us`, `ns`.
public func parseDuration(_ text: String) -> Int64? { parseLongDuration(text).flatMap { $0 == .max ? nil : $0 } }

/// As ``parseDuration(_:)``, but for what does not fit, which is the largest number: so that it can be told to be too long.
func parseLongDuration(_ text: String) -> Int64? {
  if text == "0" { return 0 }
  guard !text.isEmpty, text.utf8.count <= 100 else { return nil }
  var rest = text[...]
  var total: Int64 = 0
  var units = durationUnits[...]
  while !rest.isEmpty {
    let digits = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
    rest = rest.dropFirst(digits.count)
    let name = rest.prefix { ("a"..."z").contains($0) }
    rest = rest.dropFirst(name.count)
    guard let index = units.firstIndex(where: { $0.name == name }), let amount = nanoseconds(digits, units[index].nanoseconds) else {
      return nil
    }
    units = units[(index + 1)...]
    let (sum, overflow) = total.addingReportingOverflow(amount)
    total = overflow ? .max : sum
  }
  return total
}

/// An amount of a unit, exact where it is a whole number; the largest number where it does not fit.
private func nanoseconds(_ digits: Substring, _ unit: Int64) -> Int64? {
  if let whole = Int64(digits) {
    let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
    return overflow ? .max : product
  }
  guard digits.first != ".", digits.last != ".", let amount = Double(digits) else { return nil }
  let product = (amount * Double(unit)).rounded()
  return product < 9.2e18 ? Int64(product) : .max
}

/// A duration as a scenario would write it.
public func durationText(_ nanoseconds: Int64) -> String {
  guard nanoseconds != 0 else { return "0" }
  var rest = nanoseconds.magnitude
  var result = nanoseconds < 0 ? "-" : ""
  for (name, size) in durationUnits where rest >= size.magnitude {
    // 72h reads better than 3d; days only where they come out even and are many.
    if name == "d", rest % size.magnitude != 0 || rest < 7 * size.magnitude { continue }
    result += "\(rest / size.magnitude)\(name)"
    rest %= size.magnitude
  }
  return result
}

/// A number without needless digits.
public func plain(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
}

/// A range in words: `from 1 to 5`, `of at least 1`.
func inWords(_ range: ClosedRange<Double>) -> String {
  switch (range.lowerBound.isFinite, range.upperBound.isFinite) {
  case (true, true): " from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
  case (true, false): " of at least \(plain(range.lowerBound))"
  case (false, true): " of at most \(plain(range.upperBound))"
  case (false, false): ""
  }
}
