import JamboreeKit

/// A library of recordings and other large files, which members fetch, rate and comment on.
public struct MediaService: Service {
  static let outline = VisitOutline(
    id: "media", summary: "a library of recordings and other large files",
    activities: [
      .write("upload", 15, counts: ["uploads"], "add a file"),
      .page("download", 7_900, counts: ["downloads"], "open a file's page and fetch it"),
      .write("rate", 60, by: .everyone, counts: ["ratings"], "give a file 1 to 5"),
      .write("comment", 20, counts: ["comments"], "comment on a file"),
    ],
    verbs: [.publish, .listing, .item, .react], counters: [("downloadedBytes", "B"), ("uploadedBytes", "B")],
    readBack: ["media.downloadedBytes"])
  public static let descriptor = outline.descriptor

  public let parameters: MediaParameters

  public init(parameters reader: inout ParameterReader) throws(ConfigurationError) {
    parameters = try MediaParameters(&reader)
  }

  public func check(_ extent: ScenarioExtent) throws(ServiceFault) {
    try extent.check(.employees, parameters.visits)
    try extent.check(parameters.items, "items", atMost: mostPlatformItems)
  }

  public func memoryShares(_ extent: ScenarioExtent) -> [MemoryShare] {
    [MemoryShare("items", .items(furtherPlaces: 0), count: Double(parameters.items) * extent.scale)]
  }

  public func prepare(_ setup: ServiceSetup) throws(ConfigurationError) -> any PreparedService {
    let media = Media(parameters, VisitModel(Self.outline, parameters.visits, setup))
    return PreparedVisits(media, containers: [media.library], history: media.history)
  }
}

/// What visitors of the media library do.
struct Media: VisitBehaviour {
  private enum Activity: Int { case upload, download, rate, comment }

  let model: VisitModel
  let itemCount: Int
  let sizes: MediaSizes
  private let parameters: MediaParameters
  private let byPopularity: AliasTable
  private let choice: PageChoice
  private let descriptions, comments: QuantileTable
  private let textSeed: UInt64
  private let quality: LatentQuality
  var latentQuality: LatentQuality? { quality }
  private let downloadedBytes, uploadedBytes: Int

  init(_ parameters: MediaParameters, _ model: VisitModel) {
    self.model = model
    self.parameters = parameters
    itemCount = max(Int((Double(parameters.items) * model.setup.scale).rounded()), 1)
    func base(_ name: String) -> UInt64 { RandomStream.base(seed: model.setup.seed, domain: RandomDomain("media.\(name)")) }
    let weights = ZipfDistribution.weights(exponent: parameters.popularity, count: itemCount)
    sizes = MediaSizes(parameters.size, weights: weights, seed: base("sizes"))
    byPopularity = AliasTable(weights: weights)
    choice = PageChoice(parameters.reading)
    descriptions = QuantileTable(LognormalDistribution(mean: parameters.descriptionBytes, sigma: 0.7))
    comments = QuantileTable(LognormalDistribution(mean: parameters.commentBytes, sigma: 0.7))
    textSeed = base("texts")
    quality = LatentQuality(seed: model.setup.seed, domain: RandomDomain("media.quality"), truth: model.setup.truth)
    downloadedBytes = model.metric("downloadedBytes")
    uploadedBytes = model.metric("uploadedBytes")
  }

  var library: Dataset.Container { Dataset.Container(id: model.container(1, 0), name: "Media library") }

  /// The files at the start, the most popular first. The file itself is not stored: its size is in the item's value, in KiB.
  var history: OperationLog {
    var log = OperationLog()
    for rank in 0..<itemCount {
      let seed = RandomStream.key(base: textSeed, entity: UInt64(rank))
      var publish = model.platformItem(rank, seed: seed, bytes: descriptions.value(bits: mix64(seed)))
      publish.container = model.container(1, 0)
      publish.value = sizes.size(ofRank: rank)
      log.append(publish)
    }
    return log
  }

  private func popularItem(_ stream: inout RandomStream) -> ItemID {
    ItemID(
      author: .platform, service: model.setup.serviceNumber, sequence: UInt32(byPopularity.index(bits: stream.next()) + 1))
  }

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    visit.note = 0
    switch Activity(rawValue: activity) {
    case .upload: return upload(&visit, &stream, &context)
    case .rate where visit.lastRead != .none: return rate(visit, &stream, &context)
    case .comment where visit.lastRead != .none: return comment(&visit, &stream, &context)
    case .download where stream.chance(parameters.newest):
      return choice.reading.listing(of: model.container(1, 0), model, visit, context)
    default: return open(popularItem(&stream), &visit, context)
    }
  }

  private func upload(_ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var publish = model.publication(&visit, &stream, context, lengths: descriptions)
    publish.container = model.container(1, 0)
    publish.value = sizes.size(bits: stream.next())
    context.count(uploadedBytes, by: Int64(publish.value) * Int64(MediaSizes.unit))
    context.write(publish)
    return .writes
  }

  private func open(_ item: ItemID, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    visit.note = item.rawValue
    return model.open(item, &visit, context)
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    guard outcome == .ok, reply.items.count > 0 else { return .done(outcome) }
    // No file is open yet: this is the page of the newest.
    guard visit.note != 0 else {
      return open(reply.items.id(at: choice.place(among: reply.items.count, &stream)), &visit, context)
    }
    switch Activity(rawValue: activity) {
    case .rate: return rate(visit, &stream, &context)
    case .comment: return comment(&visit, &stream, &context)
    default:
      context.count(downloadedBytes, by: Int64(reply.items[0].value) * Int64(MediaSizes.unit))
      return react(.download, 1, visit, &context)
    }
  }

  /// A mark is made of the file's own quality and of the member's judgement, as much of each.
  private func rate(_ visit: Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    let mark = quality.mark(of: visit.lastRead, centre: 3.5, spread: 0.7, noise: 0.7, &stream)
    return react(.rating, mark, visit, &context)
  }

  private func react(_ kind: ReactionKind, _ value: Int32, _ visit: Visit, _ context: inout AgentContext) -> Step {
    var reaction = model.operation(.react, visit, context)
    reaction.subject = visit.lastRead
    reaction.kind = kind.rawValue
    reaction.value = value
    context.write(reaction)
    return .writes
  }

  private func comment(_ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var publish = model.publication(&visit, &stream, context, lengths: comments)
    publish.object = visit.lastRead.rawValue
    context.write(publish)
    model.deliver(.reply, of: publish.subject, to: visit.lastRead.author, visit, &context)
    return .writes
  }
}
