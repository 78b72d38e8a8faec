import Foundation

/// Columns of text, the first left-aligned, the others right-aligned.
struct TextTable {
  private var rows: [[String]]
  private let leftColumns: Set<Int>

  init(_ header: [String], left: Set<Int> = [0]) {
    rows = [header]
    leftColumns = left
  }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// The table with two blanks between columns and the given indent.
  func text(indent: String = "  ") -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      var line = indent
      for (column, cell) in row.enumerated() {
        let pad = String(repeating: " ", count: widths[column] - cell.count)
        line += leftColumns.contains(column) ? cell + pad : pad + cell
        if column < row.count - 1 { line += "  " }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

/// Numbers as people read them.
enum Text {
  /// `28500526` as `28,500,526`.
  static func grouped(_ value: Int64) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    groups.insert(digits, at: 0)
    return (value < 0 ? "-" : "") + groups.joined(separator: ",")
  }

  static func grouped(_ value: Double) -> String { value.isFinite && abs(value) < 9e18 ? grouped(Int64(value.rounded())) : "-" }

  /// Nanoseconds with three significant digits and a unit.
  static func duration(nanoseconds: Double) -> String {
    switch abs(nanoseconds) {
    case ..<1_000: "\(Int64(nanoseconds.rounded())) ns"
    case ..<1e6: significant(nanoseconds / 1e3) + " us"
    case ..<1e9: significant(nanoseconds / 1e6) + " ms"
    default: significant(nanoseconds / 1e9) + " s"
    }
  }

  /// A time of people, from seconds to days.
  static func age(seconds: Double) -> String {
    switch abs(seconds) {
    case ..<120: significant(seconds) + " s"
    case ..<7_200: significant(seconds / 60) + " min"
    case ..<172_800: significant(seconds / 3_600) + " h"
    default: significant(seconds / 86_400) + " d"
    }
  }

  static func significant(_ value: Double) -> String {
    // What is small is not nothing.
    if value != 0, abs(value) < 0.01 { return String(format: "%.2g", value) }
    let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2
    return String(format: "%.\(digits)f", value)
  }

  /// Two digits, rounded down, of what is above 0 and below 100: `0.0968` as `0.096`.
  static func twoDigitsDown(_ value: Double) -> String {
    let power = pow(10.0, log10(value).rounded(.down) - 1)
    return String(format: "%.2g", (value / power).rounded(.down) * power)
  }

  /// A figure of any size: whole ones without a fraction.
  static func figure(_ value: Double) -> String {
    abs(value) >= 1000 || value == value.rounded() ? grouped(value) : significant(value)
  }

  /// Hours, and of what is short minutes or seconds.
  static func span(nanoseconds: Int64) -> String {
    switch nanoseconds {
    case ..<120_000_000_000: "\(significant(Double(nanoseconds) / 1e9)) s"
    case ..<3_600_000_000_000: "\(significant(Double(nanoseconds) / 6e10)) min"
    default: "\(significant(Double(nanoseconds) / 3.6e12)) h"
    }
  }

  /// `1 worker`, `2 workers`.
  static func counted(_ count: Int64, _ noun: String) -> String { "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")" }

  /// A rate such as `3.56 M/s`.
  static func rate(_ perSecond: Double) -> String {
    switch perSecond {
    case 1e6...: significant(perSecond / 1e6) + " M/s"
    case 1e3...: significant(perSecond / 1e3) + " k/s"
    default: significant(perSecond) + "/s"
    }
  }

  static func bytes(_ count: Double) -> String {
    switch count {
    case 1_073_741_824...: significant(count / 1_073_741_824) + " GiB"
    case 1_048_576...: significant(count / 1_048_576) + " MiB"
    case 1_024...: significant(count / 1_024) + " KiB"
    default: "\(Int64(count)) B"
    }
  }

  static func percent(_ share: Double) -> String { String(format: "%.1f%%", share * 100) }

  /// A day and time of the week, as `Tue 16:00`.
  static func weekTime(minuteOfWeek: Int) -> String {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    let week = 7 * 24 * 60
    let minute = ((minuteOfWeek % week) + week) % week
    return days[minute / 1440] + String(format: " %02d:%02d", minute / 60 % 24, minute % 60)
  }

  /// A moment in UTC, as `2026-11-23 14:05:09`.
  static func moment(unixNanoseconds: Int64) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return formatter.string(from: Date(timeIntervalSince1970: Double(unixNanoseconds) / 1e9))
  }
}
