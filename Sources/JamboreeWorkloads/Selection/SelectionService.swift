import JamboreeKit

/// What follows a jam: a machine takes offerings together in clusters, reviewers mark them, the best become plans, and of
/// these some are funded. It begins when the scenario's duration is over and is what the drain is for.
public struct SelectionService: Service {
  public static let descriptor = ServiceDescriptor(
    id: "selection", summary: "after a jam: offerings, clusters, a shortlist, and what is funded",
    actions: SelectionActions.descriptors, verbs: [.listing, .thread, .item, .react, .publish],
    figures: allFigures, readBackFigures: Set(allFigures), requires: [JamService.descriptor.id])

  /// All of it follows from the ideas that the backend still lists when the jam is over.
  private static let allFigures = SelectionMetricIndices.descriptors.map(\.name) + PreparedSelection.derivedNames

  public let parameters: SelectionParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try SelectionParameters(&reader)
  }

  /// It begins after the end, and has the drain to be done in.
  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    let (delay, drain) = (parameters.delayNanoseconds, extent.drainNanoseconds)
    guard delay < drain else {
      throw ServiceFault(
        "delay",
        "the selection would begin \(durationText(delay)) after the end, and the drain, in which it has to be done, is over after "
          + "\(durationText(drain)); shorten it, or lengthen drain")
    }
    let jam = extent.services.lazy.compactMap { $0 as? JamService }.first
    let work = jam.map { parameters.workNanoseconds(after: $0.parameters, members: extent.full.members) } ?? 0
    guard Double(delay) + work <= Double(drain) else {
      let hours = (work / 3.6e12).rounded(.up)
      throw ServiceFault(
        "delay",
        "after a delay of \(durationText(delay)) the selection takes about \(plain(hours))h more, and the drain, in which it has to be done, is "
          + "over after \(durationText(drain)); shorten it or reviewTime, or lengthen drain")
    }
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    guard let jam = setup.find(JamService.self) else {
      throw ConfigurationError(
        file: "scenario", line: nil, path: "services.selection", message: "there is no jam to select from; add services.jam, or leave it out")
    }
    return PreparedSelection(SelectionModel(parameters, setup, jam: jam))
  }
}

final class PreparedSelection: PreparedService {
  static let derivedNames = ["selection.fundedLift", "selection.possibleLift", "selection.decidedAt"]
  private let model: SelectionModel

  init(_ model: SelectionModel) { self.model = model }

  var metrics: [MetricDescriptor] { SelectionMetricIndices.descriptors }
  var containers: [Dataset.Container] { [Dataset.Container(id: model.announcements, name: "Selection")] }
  var history: OperationLog { OperationLog([]) }

  func makeAgents(shard: Int) -> any ServiceAgents { SelectionAgents(model, shard: shard) }

  func derivedMetrics(_ timeline: MetricTimeline) -> [Metric] {
    func total(_ name: String) -> Double { Double(timeline.total("selection.\(name)")) }
    guard total("funded") > 0, total("ideas") > 0 else { return [] }
    // By how many standard deviations of quality they are better than the ideas that were posted.
    let posted = total("ideaQuality") / total("ideas")
    var metrics = [
      Metric(
        name: "selection.fundedLift", value: (total("fundedQuality") / total("funded") - posted) / 1000, unit: "sd",
        polarity: .higherIsBetter),
      Metric(
        name: "selection.possibleLift", value: (total("possibleQuality") / max(total("possible"), 1) - posted) / 1000, unit: "sd"),
    ]
    if let funded = timeline.index(of: "selection.funded"), let bucket = timeline.values.firstIndex(where: { $0[funded] > 0 }) {
      let hours = Double(Int64(bucket + 1) * timeline.bucketNanoseconds) / 3.6e12
      metrics.append(Metric(name: "selection.decidedAt", value: hours, unit: "h from the start"))
    }
    return metrics
  }
}
