import JamboreeEngine
import JamboreeKit
import JamboreeMemory
import Testing

@testable import JamboreeWorkloads

@Suite struct MediaServiceTests {
  /// A working day of the reference platform.
  static let media = """
    name: media
    start: Tuesday 00:00
    duration: 24h
    tick: 5s
    population: { members: 398455, employees: 398455, graph: { meanDegree: 0 } }
    services: { media: {} }
    """

  @Test func aDayHasItsDownloadsAndTheirBytesAtEveryScale() throws {
    for (scale, bytesTolerance) in [(0.1, 0.15), (0.4, 0.075)] {
      let finished = try simulate(loadPlan(Self.media, scale: scale), workers: 2)
      expectTotal(finished, "media.downloads", 7_900, scale: scale, tolerance: 0.002)
      // Of the rare actions none is lost or done twice.
      for (name, wanted) in [("uploads", 15.0), ("ratings", 60), ("comments", 20)] {
        #expect(abs(Double(finished.timeline.total("media.\(name)")) - wanted * scale) <= 1, "\(name)")
      }
      // Chance is left in which files are fetched: 1.3 times the mean over the root of the downloads, so three of it.
      expectTotal(finished, "media.downloadedBytes", 7_900 * 5e6, scale: scale, tolerance: bytesTolerance)
      #expect(finished.outcomes[0] == finished.operations)
    }
  }

  /// What is counted is what was read back: the downloads at each file, its size and its uploads.
  @Test func everyActionShowsInTheLibrary() throws {
    let overrides = ["services.media.mix={ upload: 100, download: 500, rate: 200, comment: 100 }"]
    let plan = try loadPlan(Self.media, overrides: overrides, scale: 0.1)
    let backend = try MemoryBackend(options: noOptions())
    let finished = try simulate(plan, backend: .blocking(backend))
    var reader = try BackendReader(backend)
    let rows = reader.rows(.listing, as: MemberID(1)) {
      $0.container = ContainerID(space: ContainerID.Space(service: 0, kind: 1), number: 1)
    }
    func total(_ name: String) -> Int64 { finished.timeline.total("media.\(name)") }
    func sum(_ value: (ItemRow) -> Int64) -> Int64 { rows.reduce(0) { $0 + value($1) } }
    #expect(rows.count == 1_400 + Int(total("uploads")))
    #expect(sum { Int64($0.downloadCount) } == total("downloads"))
    #expect(sum { Int64($0.downloadCount) * Int64($0.value) * 1024 } == total("downloadedBytes"))
    #expect(sum { Int64($0.replyCount) } == total("comments") && total("comments") > 50)
    let uploaded = rows.filter { $0.id.author != .platform }
    #expect(uploaded.reduce(0) { $0 + Int64($1.value) * 1024 } == total("uploadedBytes"))
    // Who looks at what is new finds what others have just added.
    #expect(uploaded.contains { $0.downloadCount > 0 })
    // A member has one rating of a file: who gives another of it in the same visit has changed it.
    let ratings = sum { Int64($0.ratingCount) }
    #expect(ratings <= total("ratings") && ratings > total("ratings") * 7 / 10)
    let mean = Double(sum { Int64($0.ratingSum) }) / Double(ratings)
    #expect(mean > 2.8 && mean < 4.2, "\(mean)")
  }

  /// Without pages that would come first, an action finds its file itself.
  @Test(arguments: ["rate", "comment"]) func whoHasSeenNothingLooksFirst(action: String) throws {
    let overrides = ["services.media.mix={ \(action): 1 }", "services.media.participation=1%"]
    let finished = try simulate(loadPlan(Self.media, overrides: overrides, scale: 0.1))
    let done = finished.timeline.total(action == "rate" ? "media.ratings" : "media.comments")
    #expect(done > 10)
    #expect(finished.operations > done && finished.operations <= 2 * done)
  }

  // MARK: The model

  /// The mean over downloads is that over files, whichever files chance makes popular.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64]) func sizesAreIndependentOfPopularity(seed: UInt64) {
    for count in [280, 14_000] {
      let weights = ZipfDistribution.weights(exponent: 0.9, count: count)
      let sizes = MediaSizes(MediaParameters.Size(meanBytes: 5e6, sigma: 1), weights: weights, seed: mix64(seed))
      let bytes = (0..<count).map { Double(sizes.size(ofRank: $0)) * 1024 }
      let downloaded = zip(bytes, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
      #expect(abs(downloaded / 5e6 - 1) < 0.01, "\(downloaded)")
      let mean = bytes.reduce(0, +) / Double(count)
      let tolerance = count > 1_000 ? 0.01 : 0.08
      #expect(abs(mean / 5e6 - 1) < tolerance, "\(mean)")
      // A lognormal distribution of sigma 1 has its median at e^-1/2 of its mean, and a sixth is above e times the median.
      let median = 5e6 * 0.60653
      let below = Double(bytes.count { $0 < median }) / Double(count)
      let far = Double(bytes.count { $0 > 2.71828 * median }) / Double(count)
      #expect(abs(below - 0.5) < 0.015)
      #expect(abs(far - 0.1587) < 0.01)
      // Neither half has the larger files.
      let top = bytes[..<(count / 2)].reduce(0, +) / bytes.reduce(0, +)
      #expect(abs(top - 0.5) < 0.06, "\(top)")
    }
  }

  /// Popularity falls with the rank to the power of -0.9.
  @Test func popularityFollowsItsLaw() throws {
    let backend = try MemoryBackend(options: noOptions())
    let plan = try loadPlan(Self.media, overrides: ["services.media.newest=0", "services.media.actionsPerDay=1.5"], scale: 0.1)
    let finished = try simulate(plan, backend: .blocking(backend), workers: 2)
    var reader = try BackendReader(backend)
    var downloads = [Double](repeating: 0, count: 1_400)
    for row in reader.rows(.listing, as: MemberID(1), {
      $0.container = ContainerID(space: ContainerID.Space(service: 0, kind: 1), number: 1)
    }) where row.id.author == .platform { downloads[Int(row.id.sequence) - 1] = Double(row.downloadCount) }
    let weights = ZipfDistribution.weights(exponent: 0.9, count: 1_400)
    for ranks in [0..<1, 1..<10, 10..<100, 100..<1_000] {
      let share = downloads[ranks].reduce(0, +) / Double(finished.timeline.total("media.downloads"))
      let wanted = weights[ranks].reduce(0, +) / weights.reduce(0, +)
      #expect(abs(share / wanted - 1) < 0.06, "\(ranks): \(share), wanted \(wanted)")
    }
  }

  @Test(arguments: [
    ("size={ mean: 10 }", "services.media.size.mean: '10' is out of range: expected a number from 1024 to 100000000000"),
    ("items=0", "services.media.items: '0' is out of range: expected a whole number from 1 to 10000000"),
    (
      "writers={ share: 0 }",
      "services.media.writers: nobody writes, but 'upload' is in the mix; raise writers.share, or give a mix without it"
    ),
  ]) func refused(change: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try loadPlan(Self.media, overrides: ["services.media.\(change)"]) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func checkpointsAndDigests() throws {
    try checkpointGoesOn(loadPlan(Self.media, scale: 0.05))
    try digestsAgree(Self.media, scale: 0.02)
  }
}
