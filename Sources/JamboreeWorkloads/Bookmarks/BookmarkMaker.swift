import JamboreeKit

/// Makes up bookmarks: where they lead, who may see them, what they are tagged with.
struct BookmarkMaker: Sendable {
  /// Kinds of places that list bookmarks.
  enum Place: UInt8 { case person = 1, tag, frontPage }

  /// What an item of this service leads to; in its `kind`.
  enum Link: UInt8 { case internet, intranet }

  /// A bookmark's tags, each once.
  struct Tags {
    static let most = 16
    private(set) var numbers: InlineArray<16, UInt32> = InlineArray(repeating: 0)
    private(set) var count = 0

    mutating func add(_ tag: UInt32) {
      for index in 0..<count where numbers[index] == tag { return }
      numbers[count] = tag
      count += 1
    }
  }

  private let byPopularity: AliasTable
  private let extraTags: AliasTable
  private let kinds: AliasTable
  /// Of what members keep for themselves.
  private let hiddenKinds: AliasTable
  private let lengths: QuantileTable
  private let tagCount: Int

  init(_ parameters: BookmarkParameters) {
    tagCount = parameters.tags
    byPopularity = AliasTable(weights: ZipfDistribution.weights(exponent: parameters.tagExponent, count: parameters.tags))
    let extra = parameters.tagsPerBookmark - 1
    var weights = [1.0]
    while weights.count < Tags.most { weights.append(weights[weights.count - 1] * extra / (1 + extra)) }
    extraTags = AliasTable(weights: weights)
    let links = parameters.links
    kinds = AliasTable(weights: [links.internet, links.intranet, links.hidden])
    hiddenKinds = AliasTable(weights: links.internet + links.intranet > 0 ? [links.internet, links.intranet] : [1, 1])
    lengths = QuantileTable(LognormalDistribution(mean: parameters.meanBytes, sigma: parameters.bytesSigma))
  }

  /// A tag, by its popularity.
  func tag(_ stream: inout RandomStream) -> Int { byPopularity.index(bits: stream.next()) }

  /// Fills in what a new bookmark is like; its address and its words follow from the seed of its text.
  func describe(_ bookmark: inout Operation, _ stream: inout RandomStream) -> Tags {
    bookmark.payloadSeed = stream.next()
    bookmark.payloadLength = UInt32(min(max(lengths.value(bits: stream.next()), 1), 65_536))
    bookmark.topic = UInt16(bookmark.payloadSeed & 63)
    bookmark.kind = UInt8(kinds.index(bits: stream.next()))
    if bookmark.kind > Link.intranet.rawValue {
      bookmark.flags.insert(.isPrivate)
      bookmark.kind = UInt8(hiddenKinds.index(bits: stream.next()))
    }
    let wanted = min(1 + extraTags.index(bits: stream.next()), tagCount)
    var tags = Tags()
    // A tag that was drawn before is drawn again, but not for ever where few tags have nearly all the weight.
    var tries = 0
    while tags.count < wanted, tries < 4 * Tags.most {
      tags.add(UInt32(tag(&stream)))
      tries += 1
    }
    return tags
  }
}
