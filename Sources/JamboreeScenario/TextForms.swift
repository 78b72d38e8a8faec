import JamboreeKit

extension TextForm where Value == String {
  /// A name that is safe in file names, tables and command lines.
  static var name: TextForm {
    TextForm(
      expected: "a name of up to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit",
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", standIn: "scenario",
      parse: { text in
        let isName = text.utf8.allSatisfy { isLetterOrDigit($0) || ".-_".utf8.contains($0) }
        guard isName, (1...64).contains(text.utf8.count), let first = text.utf8.first, isLetterOrDigit(first) else { return nil }
        return text
      }, format: { $0 })
  }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
  default: false
  }
}

extension TextForm where Value == Int {
  /// A time of the week such as `Tuesday 14:00`: minutes since Monday 00:00.
  static var weekTime: TextForm {
    TextForm(
      expected: "a weekday and a time of day (UTC), such as Tuesday 14:00",
      pattern: "^(\(weekdays.joined(separator: "|"))) ([01][0-9]|2[0-3]):[0-5][0-9]$", standIn: 0,
      parse: { text in
        let words = text.split(separator: " ")
        guard words.count == 2, let day = weekdays.firstIndex(of: String(words[0])), let minute = parseClock(words[1]) else { return nil }
        return day * 24 * 60 + minute
      }, format: { "\(weekdays[max($0, 0) / (24 * 60) % 7]) \(clock($0))" })
  }

  /// A distance from UTC such as `+05:30`, in quarters of an hour: minutes.
  static var utcOffset: TextForm {
    TextForm(
      expected: "an offset from -12:00 to +14:00 in quarters of an hour, such as +05:30",
      pattern: "^[+-](0[0-9]|1[0-4]):(00|15|30|45)$", standIn: 0,
      parse: { text in
        guard let sign = text.first, sign == "+" || sign == "-", let minutes = parseClock(text.dropFirst()), minutes % 15 == 0 else {
          return nil
        }
        let offset = sign == "-" ? -minutes : minutes
        return (-12 * 60...14 * 60).contains(offset) ? offset : nil
      }, format: { "\($0 < 0 ? "-" : "+")\(clock(abs($0)))" })
  }
}

private let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

/// Minutes of `hh:mm`, 00:00 to 23:59.
private func parseClock(_ text: Substring) -> Int? {
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { ("0"..."9").contains($0) } }) else { return nil }
  guard let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60 else { return nil }
  return hour * 60 + minute
}

/// The time of day of a number of minutes, as `hh:mm`.
private func clock(_ minutes: Int) -> String {
  func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  return "\(two(minutes / 60 % 24)):\(two(minutes % 60))"
}
