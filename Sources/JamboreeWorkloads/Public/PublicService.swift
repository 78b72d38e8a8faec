import JamboreeKit

/// The public: readers without an account, a crowd around a single item, and a morning on which everybody logs in.
public struct PublicService: Service {
  static let readers = VisitOutline(
    id: "public", summary: "readers from outside, a viral item, a login storm",
    activities: [
      .page("browse", 20, counts: ["listings"], "open a page of public posts"),
      .page("readPost", 50, counts: ["reads"], "open a public post of the company's people"),
      .page("readExternal", 30, counts: ["externalReads"], "open what an employee has posted outside"),
    ],
    verbs: [.listing, .thread, .item, .publish, .profile, .notifications])
  static let viral = VisitOutline(
    id: "public", part: "viral", summary: readers.summary,
    activities: [.page("viewViral", 1, counts: ["views"], "open the item that everybody talks about")], verbs: [])
  static let logins = VisitOutline(
    id: "public", part: "logins", summary: readers.summary,
    activities: [.call("logIn", 1, counts: ["logins"], "log in: the own profile, then the number of unread notifications")], verbs: [],
    derived: ["public.logins.peakMinute", "public.logins.peakMinutePerSecond"])
  static let authors = VisitOutline(
    id: "public", part: "external", summary: readers.summary,
    activities: [.write("postExternal", 1, by: .everyone, counts: ["posts"], "post something outside")], verbs: [],
    derived: ["public.external.peakHourPerSecond"])
  private static let parts = [readers, viral, logins, authors]

  public static let descriptor = ServiceDescriptor(
    id: readers.id, summary: readers.summary, actions: parts.flatMap(\.actions), verbs: readers.verbs, figures: parts.flatMap(\.figures))

  public let parameters: PublicParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try PublicParameters(&reader)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(parameters.readers, "readers", atMost: Audience.mostAnonymous)
    try extent.check(parameters.viral.views, "viral.views", atMost: Audience.mostAnonymous)
    try extent.check(parameters.seedPosts, "seedPosts", atMost: mostPlatformItems)
    try extent.check(.employees, parameters.logins.share, "logins.share")
    if parameters.external.postsPerDay > 0 { try extent.check(.employees, parameters.external.share, "external.share") }
    let crowds = [
      ("viral.peak", parameters.viral.peakNanoseconds, parameters.viral.views > 0),
      ("logins.peak", parameters.logins.peakNanoseconds, parameters.logins.share > 0),
    ]
    for (key, peak, comes) in crowds where comes && peak > extent.durationNanoseconds {
      throw ServiceFault(
        key,
        "a peak at \(durationText(peak)) lies behind the end, at \(durationText(extent.durationNanoseconds)): nobody would come as they do at one; "
          + "put it within the duration, or lengthen that")
    }
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [
      MemoryShare("readers", .visitors, count: Double(parameters.readers) * extent.scale * parameters.visits.participation),
      MemoryShare("viral.views", .visitors, count: Double(parameters.viral.views) * extent.scale),
      MemoryShare("seedPosts", .items(furtherPlaces: 0), count: Double(parameters.seedPosts) * extent.scale),
    ]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let crowds = PublicCrowds(parameters, setup)
    return CombinedVisits([
      PreparedVisits(
        PublicReaders(parameters, crowds.readers),
        containers: [Dataset.Container(id: PublicReaders.external(crowds.readers), name: "External posts")],
        history: PublicReaders.history(parameters, crowds.readers)),
      PreparedVisits(ViralItem(model: crowds.viral), history: ViralItem.history(crowds.viral)),
      PreparedVisits(LoginStorm(model: crowds.logins), derive: Self.busiestMinute(crowds.logins)),
      PreparedVisits(
        ExternalAuthors(model: crowds.authors, page: PublicReaders.external(crowds.readers)), derive: { Self.busiestHour($0) }),
    ])
  }

  /// A storm is over in minutes, and buckets of the timeline are longer: of a storm it is known beforehand who comes when.
  private static func busiestMinute(_ model: VisitModel) -> @Sendable (MetricTimeline) -> [Metric] {
    let visits = model.singleVisitsByMinute()
    return { timeline in
      // As far as the run has come.
      let minutes = Int(Double(timeline.values.count) * Double(timeline.bucketNanoseconds) / 60e9)
      let past = visits.prefix(max(minutes, 0))
      guard let peak = past.indices.max(by: { past[$0] < past[$1] }), past[peak] > 0 else { return [] }
      return [
        Metric(name: "public.logins.peakMinute", value: Double(peak), unit: "min from the start"),
        Metric(name: "public.logins.peakMinutePerSecond", value: Double(past[peak]) / 60, unit: "1/s"),
      ]
    }
  }

  private static func busiestHour(_ timeline: MetricTimeline) -> [Metric] {
    guard let posts = timeline.hourly("public.external.posts").max(), posts > 0 else { return [] }
    return [Metric(name: "public.external.peakHourPerSecond", value: posts / 3600, unit: "1/s")]
  }
}

/// The four crowds: who they are and when they come.
private struct PublicCrowds {
  let readers, viral, logins, authors: VisitModel

  init(_ parameters: PublicParameters, _ setup: ServiceSetup) {
    func burst(_ peak: Int64, _ width: Int64, _ shape: [(hours: Double, share: Double)]) -> VisitCurve {
      .burst(
        BurstCurve(
          shape, peak: SimTime(nanoseconds: peak), widthNanoseconds: width, durationNanoseconds: setup.durationNanoseconds))
    }
    /// Everybody comes once.
    func once(_ outline: VisitOutline, share: Double, actions: Double = 1) -> VisitParameters {
      var parameters = parameters.visits
      (parameters.participation, parameters.dailyActive, parameters.actionsPerDay, parameters.actionsPerVisit) = (share, 1, actions, 1)
      parameters.mix = outline.activities.map(\.weight)
      return parameters
    }
    readers = VisitModel(
      PublicService.readers, parameters.visits, setup, audience: .public_(count: parameters.readers, first: 0))
    viral = VisitModel(
      PublicService.viral, once(PublicService.viral, share: 1), setup.after([PublicService.readers]),
      audience: .public_(count: parameters.viral.views, first: 0x0700_0000),
      curve: burst(parameters.viral.peakNanoseconds, parameters.viral.widthNanoseconds, BurstCurve.flashCrowd))
    logins = VisitModel(
      PublicService.logins, once(PublicService.logins, share: parameters.logins.share),
      setup.after([PublicService.readers, PublicService.viral]),
      curve: burst(parameters.logins.peakNanoseconds, parameters.logins.widthNanoseconds, BurstCurve.rush))
    var writing = once(PublicService.authors, share: parameters.external.share, actions: parameters.external.postsPerDay)
    writing.dailyActive = min(max(parameters.external.postsPerDay, 1e-6), 1)
    writing.arrivals = .office
    authors = VisitModel(
      PublicService.authors, writing, setup.after([PublicService.readers, PublicService.viral, PublicService.logins]))
  }
}
