import JamboreeKit

/// Reads which ranker orders the feeds.
/// - Parameter rankers: those that there are; nil where nobody knows, and none is refused.
func readRanker(_ reader: inout ParameterReader, _ rankers: RankerRegistry?) throws(ConfigurationError) -> PlugInReference {
  let isGiven = reader.isGiven && !reader.describesOnly
  let id = try reader.text("id", default: "hot", "one of those that 'jamboree rankers' lists")
  if isGiven, let fault = fault(of: PlugInReference(id: id), rankers) { throw reader.fail("id", fault) }
  let options = try reader.pairs("options", "options of the ranker, each by its name: see 'jamboree rankers'") { given in
    guard isGiven else { return nil }
    // The options of what another option names make sense only after that one.
    let ordered = given.filter { !$0.name.contains(".") } + given.filter { $0.name.contains(".") }
    var options: [PlugInReference.Option] = []
    for (name, value) in ordered {
      options.append(PlugInReference.Option(name: name, value: value))
      if let fault = fault(of: PlugInReference(id: id, options: options), rankers) { return (name, fault) }
    }
    return nil
  }
  return PlugInReference(id: id, options: options.map { PlugInReference.Option(name: $0.name, value: $0.value) })
}

private func fault(of reference: PlugInReference, _ rankers: RankerRegistry?) -> String? {
  do throws(PlugInError) {
    // As the command line would have to say it, so that both say the same.
    guard try PlugInReference(reference.text) == reference else { return "has a character that no ranker's name and options have: one of ? & = :" }
    try rankers?.check(reference)
    return nil
  } catch {
    return error.message
  }
}
