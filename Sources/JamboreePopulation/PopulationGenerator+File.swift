import JamboreeKit

extension PopulationGenerator {
  /// Makes everybody, with the graph of ``GraphParameters/file`` if there is one: its nodes are the first members, in the order
  /// of their ids, and members beyond them have no relations.
  /// - Returns: the population, and what was found in the file, if there is one.
  /// - Throws: ``EdgeListError`` for a file that cannot be read, and for one with more nodes than there are members.
  public static func make(
    _ parameters: PopulationParameters, seed: Seed, workers: Int
  ) throws(EdgeListError) -> (population: Population, report: EdgeList.Report?) {
    guard let file = parameters.graph.file else { return (generate(parameters, seed: seed, workers: workers), nil) }
    let list = try EdgeList(path: file.path, isMutual: file.isMutual, workers: workers)
    guard list.report.nodes <= parameters.members else {
      throw EdgeListError(
        path: file.path, line: nil,
        message: "has \(list.report.nodes) nodes, and there are but \(parameters.members) members; set population.members to \(list.report.nodes) or more")
    }
    let graph = list.graph.extended(to: parameters.members)
    return (generate(parameters, graph: graph, seed: seed, workers: workers), list.report)
  }
}
