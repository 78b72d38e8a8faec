import Foundation
import JamboreeKit
import Testing

@testable import JamboreePopulation

@Suite("Graphs from edge lists")
struct EdgeListTests {
  @Test("comments, tabs, spaces, commas, CRLF, a byte order mark, empty lines, further columns, no last line feed")
  func forms() throws {
    let list = try read("\u{FEFF}# Directed graph\r\n% another\r\n1\t2\r\n  2   3\n\n3,1\n4 1 0.5 1234567\n5\t4")
    #expect(list.report.lines == 8)
    #expect(list.report.comments == 2)
    #expect(list.report.widerLines == 1)
    #expect(list.report.nodes == 5)
    #expect(list.report.listedEdges == 5)
    #expect(rows(list.graph) == [[1], [2], [0], [0], [3]])
  }

  @Test("edges that come twice, go back, or stay are counted; the first and the last kind are dropped")
  func counts() throws {
    let list = try read("1 2\n1 2\n1 2\n2 1\n3 3\n3 3\n2 3\n3 1\n1 3\n")
    #expect(list.report.listedEdges == 9)
    #expect(list.report.duplicateEdges == 2)
    #expect(list.report.selfEdges == 2)
    // 1-2 and 1-3.
    #expect(list.report.reversedEdges == 2)
    #expect(rows(list.graph) == [[1, 2], [0, 2], [0]])
  }

  @Test("a node that has only an edge to itself is a member")
  func loner() throws {
    let list = try read("7 7\n1 2\n")
    #expect(list.report.nodes == 3)
    #expect(rows(list.graph) == [[1], [], []])
  }

  @Test("mutual lists connect both ways")
  func mutual() throws {
    let list = try read("1 2\n2 1\n2 3\n", isMutual: true)
    #expect(rows(list.graph) == [[1], [0, 2], [1]])
    #expect(list.report.reversedEdges == 1)
  }

  @Test("ids are ranked, however large, and the order of the lines does not matter")
  func order() throws {
    // The second is what ego-Gplus has; the third is above 2^28, where the table of small ids ends.
    let lines = ["5 116374117927631468606", "268435457 5", "116374117927631468606 0", "0 268435457", "18446744073709551616 0"]
    let expected: [[UInt32]] = [[2], [4], [1], [0], [0]]
    for rotation in lines.indices {
      let list = try read((lines[rotation...] + lines[..<rotation]).joined(separator: "\n"))
      #expect(rows(list.graph) == expected)
    }
  }

  @Test("what is written is what is read, plain and compressed, with any number of workers", arguments: [1, 2, 7])
  func roundTrip(workers: Int) throws {
    let original = graph(20_000, GraphParameters(meanDegree: 12))
    let folder = try Folder()
    let path = folder.path("graph.txt")
    try EdgeListWriter.write(original, to: path)
    let gzip = Process()
    gzip.executableURL = URL(filePath: "/bin/gzip")
    gzip.arguments = ["-k", path]
    try gzip.run()
    gzip.waitUntilExit()
    for path in [path, path + ".gz"] {
      let list = try EdgeList(path: path, workers: workers)
      #expect(list.graph.offsets == original.offsets)
      #expect(list.graph.targets == original.targets)
      #expect(list.report.duplicateEdges == 0)
      #expect(list.report.comments == 2)
    }
    // Half a file is no file.
    let whole = try Data(contentsOf: URL(filePath: path + ".gz"))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: path + ".gz"))
    let error = #expect(throws: EdgeListError.self) { try EdgeList(path: path + ".gz") }
    #expect(error?.message.contains("ends too early") == true)
    var broken = whole
    for place in 2_000..<2_100 { broken[place] ^= 0x5A }
    try broken.write(to: URL(filePath: path + ".gz"))
    let damage = #expect(throws: EdgeListError.self) { try EdgeList(path: path + ".gz") }
    #expect(damage?.description.contains("graph.txt.gz") == true)
  }

  @Test(
    "what is no edge is refused with its line",
    arguments: [
      ("1 2\n# c\n3\n", 3), ("1 2\nfrom to\n", 2), ("-1 2\n", 1), ("1.5 2\n", 1), ("1 2\n\n1;2\n", 3), ("1 2x\n", 1),
      ("1 2\n3 1234567890123456789012345678901234567890\n", 2), ("1 \n", 1), ("\u{0}\u{1}\n", 1),
    ])
  func refused(text: String, line: Int) {
    let error = #expect(throws: EdgeListError.self) { try read(text) }
    #expect(error?.line == line)
    #expect(error?.message.hasPrefix("expected two whole numbers") == true)
  }

  @Test("a file without edges is refused", arguments: ["", "# nothing\n\n", "1 1\n2 2\n"])
  func empty(text: String) {
    let error = #expect(throws: EdgeListError.self) { try read(text) }
    #expect(error?.message.contains("edges") == true)
    #expect(error?.line == nil)
  }

  @Test("a line without end is refused before it fills the memory")
  func endless() {
    let error = #expect(throws: EdgeListError.self) { try read("1 2\n" + String(repeating: "7", count: 3 << 20)) }
    #expect(error?.line == 2)
    #expect(error?.message.contains("longer than a mebibyte") == true)
  }

  @Test("folders, devices and files that are not there")
  func noFile() {
    #expect(throws: EdgeListError.self) { try EdgeList(path: "/dev/null") }
    #expect(throws: EdgeListError.self) { try EdgeList(path: "/tmp") }
    let error = #expect(throws: EdgeListError.self) { try EdgeList(path: "/nowhere/graph.txt") }
    #expect(error?.description.hasPrefix("/nowhere/graph.txt: no such file") == true)
  }

  @Test("more nodes than are supported")
  func tooMany() {
    let error = #expect(throws: EdgeListError.self) { try read("1 2\n3 4\n5 6\n", limit: 4) }
    #expect(error?.message.contains("more than 4 nodes") == true)
  }

  @Test("lines that lie across two pieces of the file are whole")
  func pieces() throws {
    // Far more than a piece, with lines of many lengths.
    var text = "# \(String(repeating: "x", count: 300_000))\n"
    var expected = 0
    for index in 0..<60_000 where index % 3 != 2 {
      text += "\(index)\t\(index &* 7_919 % 1_000_003 + 60_000)\n"
      expected += 1
    }
    let list = try read(text)
    #expect(list.graph.edgeCount == expected)
    #expect(list.report.lines == expected + 1)
  }

  @Test("a population has the file's nodes first, and members without relations behind them")
  func population() throws {
    let folder = try Folder()
    let path = try folder.write("graph.txt", "1 2\n2 3\n")
    var parameters = PopulationParameters(members: 5, graph: GraphParameters(file: GraphFile(path: path)))
    let (population, report) = try PopulationGenerator.make(parameters, seed: Seed(1), workers: 2)
    #expect(population.count == 5)
    #expect(rows(population.graph) == [[1], [2], [], [], []])
    #expect(report?.nodes == 3)
    // All else is as with a generated graph.
    let generated = PopulationGenerator.generate(parameters, seed: Seed(1), workers: 1)
    #expect(population.roles == generated.roles && population.interests == generated.interests)
    parameters.members = 2
    let error = #expect(throws: EdgeListError.self) { try PopulationGenerator.make(parameters, seed: Seed(1), workers: 2) }
    #expect(error?.message.contains("has 3 nodes") == true)
  }

  private func read(_ text: String, isMutual: Bool = false, limit: Int = 100_000_000) throws -> EdgeList {
    let folder = try Folder()
    return try EdgeList(path: folder.write("graph.txt", text), isMutual: isMutual, limit: limit, workers: 2)
  }

  private func rows(_ graph: SocialGraph) -> [[UInt32]] {
    (0..<graph.memberCount).map { Array(graph.neighbors(of: MemberID(UInt32($0)))) }
  }
}

/// A folder that is gone after the test.
private final class Folder {
  private let url = FileManager.default.temporaryDirectory.appending(path: "jamboree-graph-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: path(name)))
    return path(name)
  }
}
