import Foundation
import JamboreeEngine
import JamboreeKit
import JamboreeMetrics

/// A list of texts as it is kept in a column: a JSON array.
func jsonText(_ texts: [String]) throws -> String { String(decoding: try JSONEncoder().encode(texts), as: UTF8.self) }

/// A list of numbers as it is kept in a column: a JSON array.
func jsonText(_ numbers: [Int64]) -> String { "[" + numbers.map(String.init).joined(separator: ",") + "]" }

/// How a timeline metric's kind is written in a column.
func text(_ kind: MetricDescriptor.Kind) -> String {
  switch kind {
  case .counter: "counter"
  case .gauge: "gauge"
  }
}

/// Reads what columns hold as text, in a file whose name is needed for complaints: a text that this program never
/// writes means that the file was changed by other means.
struct ColumnReader {
  let path: String

  func texts(_ column: String, in table: String) throws -> [String] { try array(column, table) }
  func numbers(_ column: String, in table: String) throws -> [Int64] { try array(column, table) }

  func value<Value: RawRepresentable>(_ text: String, in table: String) throws -> Value where Value.RawValue == String {
    guard let value = Value(rawValue: text) else { throw unknown(text, table) }
    return value
  }

  func outcome(_ text: String, in table: String) throws -> Outcome {
    guard let outcome = Outcome.allCases.first(where: { $0.name == text }) else { throw unknown(text, table) }
    return outcome
  }

  func metricKind(_ text: String) throws -> MetricDescriptor.Kind {
    switch text {
    case "counter": return .counter
    case "gauge": return .gauge
    default: throw unknown(text, "timeline_metric")
    }
  }

  func histogram(_ bytes: Data, in table: String) throws -> LatencyHistogram {
    do { return try HistogramCoding.decode(bytes) } catch {
      throw ResultStoreError.corrupt(path, "in table \(table), \(error)")
    }
  }

  private func array<Element: Decodable>(_ text: String, _ table: String) throws -> [Element] {
    do { return try JSONDecoder().decode([Element].self, from: Data(text.utf8)) } catch {
      throw ResultStoreError.corrupt(path, "table \(table) holds a list that is none")
    }
  }

  private func unknown(_ text: String, _ table: String) -> ResultStoreError {
    .corrupt(path, "table \(table) holds the unknown word “\(text)”")
  }
}
