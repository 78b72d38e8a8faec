import JamboreeKit

/// What goes over the pipes: see <doc:RankerProtocol> for the bytes. All numbers are little-endian.
enum ExecProtocol {
  static let version: UInt16 = 1
  static let magic: UInt32 = 0x5242_4D4A  // "JMBR"
  /// Of a hello, its length included.
  static let helloBytes = 16
  /// Of a request before its columns, its length included.
  static let requestHeaderBytes = 24
  /// Of a page in a request: now, interests, member, count.
  static let bytesPerPage = 24
  /// Of an answer before its scores, its length included.
  static let answerHeaderBytes = 12

  /// A batch is closed when it has so many bytes or candidates: a page more, and it may have that page's beyond.
  static let batchBytes = 1 << 20
  static let batchCandidates = 1 << 16
  /// The longest answer that there can be.
  static let longestAnswerBytes = answerHeaderBytes + 4 * (batchCandidates + Int(UInt16.max))
}

/// The columns that a ranker asks for with its hello, a bit each, in the order in which they are sent.
struct ExecColumns: OptionSet, Sendable {
  let rawValue: UInt32

  static let ids = ExecColumns(rawValue: 1 << 0)
  static let created = ExecColumns(rawValue: 1 << 1)
  static let lastActive = ExecColumns(rawValue: 1 << 2)
  static let parents = ExecColumns(rawValue: 1 << 3)
  static let ratingSums = ExecColumns(rawValue: 1 << 4)
  static let ratingCounts = ExecColumns(rawValue: 1 << 5)
  static let replyCounts = ExecColumns(rawValue: 1 << 6)
  static let voteSums = ExecColumns(rawValue: 1 << 7)
  static let flagCounts = ExecColumns(rawValue: 1 << 8)
  static let downloadCounts = ExecColumns(rawValue: 1 << 9)
  static let values = ExecColumns(rawValue: 1 << 10)
  static let topics = ExecColumns(rawValue: 1 << 11)
  static let kinds = ExecColumns(rawValue: 1 << 12)
  /// No column of candidates: fills in the pages' interests.
  static let interests = ExecColumns(rawValue: 1 << 13)

  static let all = ExecColumns(rawValue: (1 << 14) - 1)
}

/// Where a ranker's first words were not what they should be.
struct HelloError: Error {
  let message: String
}

/// The first frame that a ranker sends.
struct Hello {
  let columns: ExecColumns

  init?(_ bytes: [UInt8]) throws(HelloError) {
    let read = bytes.withUnsafeBytes { bytes in Result { () throws(HelloError) in try Hello(bytes) } }
    guard let hello = try read.get() else { return nil }
    self = hello
  }

  /// - Parameter bytes: what the ranker has sent so far, from the start.
  /// - Returns: nil while there is more to come.
  init?(_ bytes: UnsafeRawBufferPointer) throws(HelloError) {
    guard bytes.count >= 4 else { return nil }
    let length = Int(bytes.loadUnaligned(as: UInt32.self))
    let isOurs = bytes.count < 8 || bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self) == ExecProtocol.magic
    guard (12...1024).contains(length), isOurs else {
      let start = printable(String(decoding: bytes.prefix(40), as: UTF8.self))
      throw HelloError(
        message: "its standard output does not begin with a hello but with '\(start)'; frames alone go there, all else to standard error")
    }
    guard bytes.count >= 10 else { return nil }
    let version = bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
    guard version == ExecProtocol.version else {
      throw HelloError(message: "it speaks version \(version) of the protocol, this program version \(ExecProtocol.version)")
    }
    guard length == ExecProtocol.helloBytes - 4 else {
      throw HelloError(message: "its hello has \(length) bytes behind the length, and must have \(ExecProtocol.helloBytes - 4)")
    }
    guard bytes.count >= ExecProtocol.helloBytes else { return nil }
    columns = ExecColumns(rawValue: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    guard columns.isSubset(of: .all) else {
      let unknown = columns.subtracting(.all).rawValue
      throw HelloError(message: "it asks for columns that there are not: bit \(unknown.trailingZeroBitCount) of \(String(columns.rawValue, radix: 16))")
    }
  }
}
