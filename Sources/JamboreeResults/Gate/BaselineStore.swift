import Foundation
import JamboreeEngine
import JamboreeMetrics

/// A folder with baselines, one JSON file each.
public struct BaselineStore: Sendable {
  public static let defaultFolder = "Results/baselines"
  /// Larger files are none of ours, and nothing to be read into memory.
  private static let mostBytes = 64 << 20

  public let folder: String

  public init(folder: String = defaultFolder) { self.folder = folder }

  public func path(_ name: String) -> String { "\(folder)/\(name).json" }

  /// Names in the folder, ascending; none where there is no folder.
  /// - Throws: ``ResultStoreError`` of kind `io` when the folder cannot be read.
  public func names() throws -> [String] {
    guard let directory = opendir(folder) else {
      let code = errno
      if code == ENOENT { return [] }
      throw ResultStoreError(
        kind: .io, message: "\(folder) cannot be read (\(errorText(code))), so what baselines there are is not known; make it a folder that can, or name another with --baselines")
    }
    defer { closedir(directory) }
    var files: [String] = []
    while let entry = readdir(directory) {
      withUnsafePointer(to: &entry.pointee.d_name) {
        files.append(String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)))
      }
    }
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.filter { (try? Self.check($0)) != nil }.sorted()
  }

  /// A name is a part of a file's: it must not lead elsewhere.
  /// - Throws: ``ResultStoreError`` of kind `usage` for one that cannot be a baseline's.
  public static func check(_ name: String) throws {
    let isGood = !name.isEmpty && name.utf8.count <= 64 && !name.hasPrefix(".") && !name.hasPrefix("-")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
        }
      }
    guard isGood else {
      throw ResultStoreError(
        kind: .usage,
        message: "'\(name)' cannot be a baseline's name: it takes 1 to 64 letters, digits, '-', '_' and '.', of which the first is a letter, a digit or '_'")
    }
  }

  /// - Throws: ``ResultStoreError`` of kind `usage` when there is none of that name or it is damaged, naming the key; of kind `io`
  ///   when it cannot be read.
  public func load(_ name: String) throws -> Baseline {
    try Self.check(name)
    let path = path(name)
    var status = stat()
    guard stat(path, &status) == 0 else {
      let code = errno
      guard code == ENOENT || code == ENOTDIR else { throw ResultStoreError(kind: .io, message: "\(path) cannot be read (\(errorText(code)))") }
      let known = try names()
      throw ResultStoreError(
        kind: .usage,
        message: "there is no baseline '\(name)' in \(folder); "
          + (known.isEmpty ? "there are none yet" : "known: \(known.joined(separator: ", "))") + "; 'jamboree baseline set \(name) SCENARIO' makes one")
    }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.mostBytes else {
      throw damaged(name, "it is no plain file of at most \(Self.mostBytes >> 20) MiB")
    }
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw ResultStoreError(kind: .io, message: "\(path) cannot be read; check its permissions")
    }
    do throws(BaselineReader.Damage) {
      var baseline = try BaselineReader.read(data)
      // A file that was copied goes by its new name.
      baseline.name = name
      return baseline
    } catch {
      throw damaged(name, error.what)
    }
  }

  /// Finds out before anything is measured whether a baseline can be kept; makes the folder.
  /// - Throws: ``ResultStoreError`` of kind `io` when it cannot.
  public func prepare() throws {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var status = stat()
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, access(folder, W_OK | X_OK) == 0 else {
      throw ResultStoreError(kind: .io, message: "\(folder) is no folder that files can be made in; name another with --baselines")
    }
  }

  /// Puts a baseline in the place of one of the same name, whole or not at all.
  /// - Throws: ``ResultStoreError``.
  public func save(_ baseline: Baseline) throws {
    try Self.check(baseline.name)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try (encoder.encode(baseline) + Data("\n".utf8)).write(to: URL(filePath: path(baseline.name)), options: .atomic)
    } catch {
      let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError).map { Int32(truncatingIfNeeded: $0.code) }
      throw ResultStoreError(
        kind: .io, message: "\(path(baseline.name)) cannot be written\(code.map { " (\(errorText($0)))" } ?? ""); make room, or the folder writable")
    }
  }

  private func damaged(_ name: String, _ what: String) -> ResultStoreError {
    ResultStoreError(
      kind: .usage,
      message: "\(path(name)) is no baseline that can be used: \(what); take it from version control, or make it anew with 'jamboree baseline set \(name) SCENARIO'")
  }
}

extension BaselineHistogram {
  /// - Throws: `HistogramCodingError` for a histogram without an encoding.
  public init(_ kind: LatencyKind, _ name: String, _ histogram: LatencyHistogram) throws(HistogramCodingError) {
    self.init(kind: kind.rawValue, name: name, counts: Data(try HistogramCoding.encode(histogram)).base64EncodedString())
  }

  /// Nil where it is damaged.
  public var histogram: LatencyHistogram? { Data(base64Encoded: counts).flatMap { try? HistogramCoding.decode($0) } }
}
