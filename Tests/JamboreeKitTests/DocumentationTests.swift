import Foundation
import Testing

/// What the documentation shows is what is built and run.
@Suite struct DocumentationTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test(arguments: [("Package.swift", "swift"), ("Sources/polls/PollService.swift", "swift"), ("Sources/polls/main.swift", "swift"), ("expected.txt", "")])
  func theExampleOfAServiceIsTheOneThatRuns(_ file: String, _ language: String) throws {
    let page = try String(
      contentsOf: root.appendingPathComponent("Sources/JamboreeKit/JamboreeKit.docc/WritingAService.md"), encoding: .utf8)
    let code = try String(contentsOf: root.appendingPathComponent("Tests/Examples/polls/\(file)"), encoding: .utf8)
    #expect(page.contains("```\(language)\n\(code)```"))
  }

  @Test func theExampleOfARankerInSwiftIsTheOneThatRuns() throws {
    let page = try String(
      contentsOf: root.appendingPathComponent("Sources/JamboreeKit/JamboreeKit.docc/WritingARanker.md"), encoding: .utf8)
    let code = try String(contentsOf: root.appendingPathComponent("Tests/Examples/polls/Sources/polls/MostVotedRanker.swift"), encoding: .utf8)
    #expect(page.contains("```swift\n\(code)```"))
  }

  @Test func theExampleOfARankerInPythonIsTheOneThatRuns() throws {
    let page = try String(
      contentsOf: root.appendingPathComponent("Sources/JamboreeExec/JamboreeExec.docc/RankerProtocol.md"), encoding: .utf8)
    let code = try String(contentsOf: root.appendingPathComponent("Tests/Examples/rank.py"), encoding: .utf8)
    #expect(page.contains("```python\n\(code)```"))
  }
}
