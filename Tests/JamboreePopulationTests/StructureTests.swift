import JamboreeKit
import Testing

@testable import JamboreePopulation

@Suite("Components and clustering")
struct StructureTests {
  /// Zachary's karate club (1977): 34 people, 78 friendships, each listed once.
  private static let karate: [[UInt32]] = [
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31], [2, 3, 7, 13, 17, 19, 21, 30], [3, 7, 8, 9, 13, 27, 28, 32],
    [7, 12, 13], [6, 10], [6, 10, 16], [16], [], [30, 32, 33], [33], [], [], [], [33], [32, 33], [32, 33], [], [], [32, 33], [33],
    [32, 33], [], [32, 33], [25, 27, 29, 32, 33], [25, 27, 31], [31], [29, 33], [33], [31, 33], [32, 33], [32, 33], [32, 33], [33], [],
  ]

  @Test("the karate club has the known clustering (Watts-Strogatz 0.5706, transitivity 0.2557)")
  func karateClub() {
    let graph = make(Self.karate)
    #expect(graph.edgeCount == 78)
    let structure = GraphStructure(graph, workers: 2)
    #expect(structure.components == 1)
    #expect(structure.largestComponent == 34)
    #expect(structure.isolated == 0)
    #expect(abs(structure.meanClustering - 0.5706384782076823) < 1e-12)
    #expect(abs(structure.transitivity - 0.2556818181818182) < 1e-12)
    #expect(structure.sampledWedges == nil)
  }

  @Test("sampled wedges tell the same, within their bound")
  func sampled() {
    let structure = GraphStructure(make(Self.karate), workers: 1, wedgeLimit: 0, samples: 200_000)
    #expect(structure.sampledWedges == 200_000)
    // Hoeffding: 0.0044 at 999 of 1,000 for 200,000 samples.
    #expect(abs(structure.meanClustering - 0.5706384782076823) < 0.0044)
    #expect(abs(structure.transitivity - 0.2556818181818182) < 0.0044)
  }

  @Test("the direction of edges does not matter, nor whether they are there twice")
  func direction() {
    let triangle = GraphStructure(make([[1, 2], [0, 2], [], [], [5], []]), workers: 1)
    #expect(triangle.components == 3)
    #expect(triangle.largestComponent == 3)
    #expect(triangle.isolated == 1)
    // Three of the six are in the triangle.
    #expect(triangle.meanClustering == 0.5)
    #expect(triangle.transitivity == 1)
  }

  @Test("nobody knows anybody")
  func noEdges() {
    let structure = GraphStructure(SocialGraph(memberCount: 4), workers: 2)
    #expect(structure.components == 4)
    #expect(structure.largestComponent == 1)
    #expect(structure.isolated == 4)
    #expect(structure.meanClustering == 0 && structure.transitivity == 0)
  }

  @Test("communities show in the clustering")
  func communities() {
    func clustering(_ share: Double) -> Double {
      GraphStructure(graph(3_000, GraphParameters(meanDegree: 8.2, communitySize: 50, communityShare: share)), workers: 2).meanClustering
    }
    #expect(clustering(0.9) > 2 * clustering(0.2))
  }

  private func make(_ rows: [[UInt32]]) -> SocialGraph {
    SocialGraph(offsets: rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }, targets: rows.flatMap { $0 })
  }
}
