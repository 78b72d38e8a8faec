import JamboreeKit

/// What the blogs' visitors do.
struct Blogs: VisitBehaviour {
  enum Activity: Int { case publish, readPost, comment, ratePost, browseBlog }
  /// The service's kinds of items.
  enum Kind: UInt8 { case post = 1, comment = 2 }

  /// Owners' own counters start at 1 during the run: what they wrote before has numbers from here on.
  static let firstSeedSequence: UInt32 = 0x80_0000
  /// The note of a visit that has asked for a blog's newest post, to open it.
  private static let isLooking: UInt64 = 1

  let model: VisitModel
  let quality: LatentQuality
  var latentQuality: LatentQuality? { quality }
  private let parameters: BlogParameters
  private let blogChoice: AliasTable
  private let choice: PageChoice
  private let postLengths: QuantileTable
  private let commentLengths: QuantileTable
  private let frontPageBrowses, negativeComments, textBytes, marks, emptyPages: Int

  init(_ parameters: BlogParameters, _ model: VisitModel) {
    self.model = model
    self.parameters = parameters
    quality = LatentQuality(seed: model.setup.seed, domain: RandomDomain("blogs.quality"), truth: model.setup.truth)
    // Numbers of blogs are without meaning but for this: a lower one has more readers.
    blogChoice = AliasTable(weights: ZipfDistribution.weights(exponent: parameters.blogSkew, count: model.ownerCount))
    choice = PageChoice(parameters.reading)
    postLengths = QuantileTable(LognormalDistribution(mean: parameters.meanBytes, sigma: parameters.bytesSigma))
    commentLengths = QuantileTable(LognormalDistribution(mean: parameters.commentBytes, sigma: parameters.bytesSigma))
    let metric = model.metric
    (frontPageBrowses, negativeComments) = (metric("frontPageBrowses"), metric("negativeComments"))
    (textBytes, marks, emptyPages) = (metric("textBytes"), metric("marks"), metric("emptyPages"))
  }

  private var frontPage: ContainerID { BlogService.publicPlace(ofService: model.setup.serviceNumber) }
  private func blog(_ number: Int) -> ContainerID { BlogService.blog(number, ofService: model.setup.serviceNumber) }

  // MARK: What is there at the start

  var containers: [Dataset.Container] {
    let population = model.setup.population
    return [Dataset.Container(id: frontPage, name: "Blogs")]
      + model.owners().enumerated().map { Dataset.Container(id: blog($0), name: "Blog of \(population.name(of: $1))") }
  }

  /// Each blog has as many posts; which blog's comes when is without order.
  var history: OperationLog {
    var log = OperationLog()
    let owners = model.owners()
    let count = owners.count * parameters.seedPostsPerBlog
    guard count > 0 else { return log }
    let order = StratifiedPermutation(count: count, seed: model.setup.seed, domain: RandomDomain("blogs.seedPosts"))
    let texts = RandomStream.base(seed: model.setup.seed, domain: RandomDomain("blogs.seedTexts"))
    let step = parameters.seedSpanNanoseconds / Int64(count)
    for index in 0..<count {
      let (ofBlog, number) = order.rank(of: index).quotientAndRemainder(dividingBy: owners.count)
      var publish = Operation(
        verb: .publish, action: model.setup.firstAction, actor: owners[number],
        intended: SimTime(nanoseconds: Int64(index - count) * step))
      publish.subject = ItemID(
        author: owners[number], service: model.setup.serviceNumber, sequence: Self.firstSeedSequence + UInt32(ofBlog))
      publish.container = blog(number)
      publish.kind = Kind.post.rawValue
      publish.payloadSeed = RandomStream.key(base: texts, entity: UInt64(index))
      publish.payloadLength = length(postLengths, bits: mix64(publish.payloadSeed))
      publish.topic = UInt16(publish.payloadSeed & 63)
      publish.flags.insert(.isBackground)
      log.append(publish, arguments: CollectionOfOne(frontPage.rawValue))
    }
    return log
  }

  private func length(_ lengths: QuantileTable, bits: UInt64) -> UInt32 { UInt32(min(max(lengths.value(bits: bits), 1), 65_536)) }

  // MARK: Actions

  func begin(_ activity: Int, _ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    switch Activity(rawValue: activity) {
    case .publish: return publish(&visit, &stream, &context)
    case .browseBlog: return browse(visit, &stream, &context)
    case .comment where visit.lastRead != .none: return comment(&visit, &stream, &context)
    case .ratePost where visit.lastRead != .none: return rate(visit, &stream, &context)
    default: return readNext(&visit, &stream, context)
    }
  }

  func resume(
    _ activity: Int, _ visit: inout Visit, outcome: Outcome, reply: borrowing Reply, _ stream: inout RandomStream,
    _ context: inout AgentContext
  ) -> Step {
    if activity == Activity.browseBlog.rawValue {
      choice.chooseTargets(Visit.mostTargets, from: reply, context.page, &visit, &stream)
      if reply.items.count == 0 { context.count(emptyPages) }
      return .done(outcome)
    }
    if visit.note == Self.isLooking {
      guard outcome == .ok, reply.items.count > 0 else {
        context.count(emptyPages)
        return .done(outcome)
      }
      return open(reply.items.id(at: 0), &visit, context)
    }
    guard outcome == .ok else { return .done(outcome) }
    switch Activity(rawValue: activity) {
    case .comment: return comment(&visit, &stream, &context)
    case .ratePost: return rate(visit, &stream, &context)
    default: return .done(outcome)
    }
  }

  // MARK: Reading

  private func chosenBlog(_ stream: inout RandomStream) -> ContainerID {
    model.ownerCount > 0 ? blog(blogChoice.index(bits: stream.next())) : frontPage
  }

  private func browse(_ visit: Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    let container = stream.chance(parameters.frontPageShare) ? frontPage : chosenBlog(&stream)
    if container == frontPage { context.count(frontPageBrowses) }
    return choice.reading.listing(of: container, model, visit, context)
  }

  /// Opens what was chosen on the page before; else goes to a blog, by a link from elsewhere, for its newest post.
  private func readNext(_ visit: inout Visit, _ stream: inout RandomStream, _ context: borrowing AgentContext) -> Step {
    if let target = visit.takeTarget() { return open(target, &visit, context) }
    visit.note = Self.isLooking
    var listing = model.operation(.listing, visit, context)
    listing.container = chosenBlog(&stream)
    listing.limit = 1
    return .read(listing)
  }

  private func open(_ post: ItemID, _ visit: inout Visit, _ context: borrowing AgentContext) -> Step {
    visit.note = 0
    visit.lastRead = post
    var read = model.operation(.thread, visit, context)
    read.subject = post
    read.limit = UInt16(parameters.threadPageLength)
    read.flags.insert(.wantsText)
    return .read(read)
  }

  // MARK: Writing

  private func publish(_ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var post = model.publication(&visit, &stream, context, lengths: postLengths)
    post.kind = Kind.post.rawValue
    context.count(textBytes, by: Int64(post.payloadLength))
    // In a sample so small that no owner is in it, somebody else writes as a guest, on the front page alone.
    post.container = frontPage
    guard let own = model.place(ofOwner: Int(visit.participant)) else {
      context.write(post)
      return .writes
    }
    post.container = blog(own)
    context.write(post, arguments: CollectionOfOne(frontPage.rawValue))
    return .writes
  }

  private func comment(_ visit: inout Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var comment = model.publication(&visit, &stream, context, lengths: commentLengths)
    comment.kind = Kind.comment.rawValue
    comment.object = visit.lastRead.rawValue
    context.count(textBytes, by: Int64(comment.payloadLength))
    if stream.chance(parameters.negativeShare) {
      comment.flags.insert(.isNegative)
      context.count(negativeComments)
    }
    context.write(comment)
    model.deliver(.reply, of: comment.subject, to: visit.lastRead.author, visit, &context)
    return .writes
  }

  private func rate(_ visit: Visit, _ stream: inout RandomStream, _ context: inout AgentContext) -> Step {
    var rating = model.operation(.react, visit, context)
    rating.subject = visit.lastRead
    rating.kind = ReactionKind.rating.rawValue
    rating.value = quality.mark(of: visit.lastRead, spread: parameters.qualitySpread, noise: parameters.judgementNoise, &stream)
    context.count(marks, by: Int64(rating.value))
    context.write(rating)
    return .writes
  }
}
