import Foundation
import JamboreeKit
import JamboreeMetrics

/// Reads a baseline's file. People edit these, and merge them; so what is wrong is told by its key.
enum BaselineReader {
  /// What makes a file none that can be used, in words.
  struct Damage: Error { let what: String }

  static func read(_ data: Data) throws(Damage) -> Baseline {
    let object: Any
    do { object = try JSONSerialization.jsonObject(with: data) } catch { throw Damage(what: syntax(error, data)) }
    if let format = (object as? [String: Any])?["format"] as? NSNumber, format != NSNumber(value: Baseline.currentFormat) {
      throw Damage(what: "key 'format': it is \(format), and this version knows \(Baseline.currentFormat)")
    }
    for rule in NumberRule.all { if let complaint = rule.complaint(object) { throw Damage(what: complaint) } }
    let baseline: Baseline
    do {
      // Of a key that is there twice, what was looked at.
      baseline = try JSONDecoder().decode(Baseline.self, from: JSONSerialization.data(withJSONObject: object))
    } catch {
      throw Damage(what: (error as? DecodingError).map(explain) ?? "it is no object")
    }
    if let complaint = complaint(baseline) { throw Damage(what: complaint) }
    return baseline
  }

  /// Where the file stops being JSON, as far as the parser's words tell.
  private static func syntax(_ error: any Error, _ data: Data) -> String {
    let words = ((error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? "").split(separator: " ").map(String.init)
    // "Number 1e400 is not representable in Swift.", "Invalid value around character 7."
    let isTooLarge = words.first == "Number" && words.contains("representable")
    let number = isTooLarge ? words[1] : ""
    let offset = isTooLarge ? data.range(of: Data(number.utf8))?.lowerBound : words.last.flatMap { Int($0.dropLast()) }
    guard let offset, offset < data.count else { return "it is not valid JSON" }
    let lines = data[..<offset].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let rest = data[offset...].prefix { $0 != UInt8(ascii: "\n") }
    let line = String(decoding: (lines.last ?? Data()) + rest, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    let place = "line \(lines.count), '\(printable(line))'"
    return isTooLarge ? "\(place): \(number) is more than a number can be" : "it is not valid JSON at \(place)"
  }

  /// What a decoder complains of, with the key.
  private static func explain(_ error: DecodingError) -> String {
    func key(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
      var text = ""
      for part in path + (last.map { [$0] } ?? []) {
        if let index = part.intValue { text += "[\(index)]" } else { text += (text.isEmpty ? "" : ".") + part.stringValue }
      }
      return text.isEmpty ? "it" : "key '\(text)'"
    }
    switch error {
    case .keyNotFound(let missing, let context): return "\(key(context.codingPath, missing)) is missing"
    case .typeMismatch(let type, let context): return "\(key(context.codingPath)) is not \(word(type))"
    case .valueNotFound(let type, let context): return "\(key(context.codingPath)) is null and not \(word(type))"
    case .dataCorrupted(let context): return "\(key(context.codingPath)) holds what cannot be in it"
    @unknown default: return "it cannot be read"
    }
  }

  private static func word(_ type: any Any.Type) -> String {
    switch type {
    case is String.Type: "text"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type, is any BinaryFloatingPoint.Type: "a number"
    case is [Any].Type: "a list"
    default: "an object"
    }
  }

  /// What neither types nor the range of a number say.
  private static func complaint(_ baseline: Baseline) -> String? {
    if baseline.processes.isEmpty { return "key 'processes' is empty" }
    let digest = baseline.behaviour.digest
    guard digest.utf8.count == 32, digest.allSatisfy(\.isHexDigit) else {
      return "key 'behaviour.digest' is not 32 hexadecimal digits"
    }
    for (index, process) in baseline.processes.enumerated() {
      for (row, latency) in process.latencies.enumerated() where latency.key == nil {
        return "key 'processes[\(index)].latencies[\(row)].kind' is none that is known"
      }
    }
    for (index, stored) in baseline.histograms.enumerated() {
      guard let bytes = Data(base64Encoded: stored.counts) else { return "key 'histograms[\(index)].counts' is not base 64" }
      do { _ = try HistogramCoding.decode(bytes) } catch { return "key 'histograms[\(index)].counts': \(error)" }
    }
    return nil
  }
}

/// The range of a number in a baseline's file. A decoder that cannot represent one does not say where it stands.
private struct NumberRule {
  enum Range {
    case whole(ClosedRange<UInt64>)
    /// - isAbove: the lower bound itself is not in the range.
    case any(ClosedRange<Double>, isAbove: Bool = false)
  }
  /// Keys on the way to it; `*` for each of a list or an object.
  let path: [Substring]
  let range: Range

  init(_ path: String, _ range: Range) { (self.path, self.range) = (path.split(separator: "."), range) }

  private static let count = Range.whole(0...UInt64(Int64.max))
  private static let scale = Range.any(0...100, isAbove: true)
  static let all = [
    // In nanoseconds it has to fit into 64 bits.
    NumberRule("createdUnixSeconds", .whole(0...9_000_000_000)),
    NumberRule("run.seed", .whole(0...UInt64.max)), NumberRule("run.scale", scale), NumberRule("run.workers", .whole(1...256)),
    NumberRule("environment.logicalCores", count), NumberRule("environment.memoryBytes", count),
    NumberRule("behaviour.operations", count), NumberRule("behaviour.outcomes.*", count),
    NumberRule("behaviour.quality.*.value", .any(-1e300...1e300)),
    NumberRule("instructions.scale", scale), NumberRule("instructions.count", count),
    NumberRule("instructions.spread", .any(0...1e6)),
    NumberRule("processes.*.operationsPerSecond", .any(0...1e18, isAbove: true)),
    NumberRule("processes.*.latencies.*.count", count), NumberRule("processes.*.latencies.*.meanNanoseconds", .any(0...1e19)),
    NumberRule("processes.*.latencies.*.p50Nanoseconds", count), NumberRule("processes.*.latencies.*.p99Nanoseconds", count),
  ]

  /// What is wrong with the first number that is not as it must be. What is missing, or no number, is not its concern.
  func complaint(_ object: Any) -> String? { complaint(object, path[...], "") }

  private func complaint(_ value: Any, _ rest: ArraySlice<Substring>, _ key: String) -> String? {
    guard let next = rest.first else {
      guard let number = value as? NSNumber, String(cString: number.objCType) != "c" else { return nil }
      return wish(of: number).map { "key '\(key)' is \(number), and not \($0)" }
    }
    func below(_ value: Any, _ part: String) -> String? { complaint(value, rest.dropFirst(), part) }
    if let list = value as? [Any], next == "*" {
      for (index, element) in list.enumerated() { if let found = below(element, "\(key)[\(index)]") { return found } }
    } else if let members = value as? [String: Any] {
      for name in next == "*" ? members.keys.sorted() : [String(next)] {
        if let member = members[name], let found = below(member, key.isEmpty ? name : "\(key).\(name)") { return found }
      }
    }
    return nil
  }

  /// What it should be instead; nil when it is as it should.
  private func wish(of number: NSNumber) -> String? {
    switch range {
    case .whole(let range):
      UInt64(exactly: number).map(range.contains) == true ? nil : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .any(let range, let isAbove):
      if range.contains(number.doubleValue), !isAbove || number.doubleValue > range.lowerBound {
        nil
      } else {
        "a number \(isAbove ? "above \(plain(range.lowerBound)) and at most" : "from \(plain(range.lowerBound)) to") \(plain(range.upperBound))"
      }
    }
  }
}
