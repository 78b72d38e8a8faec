/// A backend ready for use, of either protocol.
public enum BackendInstance: Sendable {
  case blocking(any BlockingStorageBackend)
  case pipelined(any PipelinedStorageBackend)

  public var backend: any StorageBackend {
    switch self {
    case .blocking(let backend): backend
    case .pipelined(let backend): backend
    }
  }

  public var descriptor: BackendDescriptor { type(of: backend).descriptor }
}

/// A plug-in as a user names it: `memory`, `hot?gravity=1.8`, `sqlite:jam.db?synchronous=normal`.
public struct PlugInReference: Sendable, Hashable {
  public struct Option: Sendable, Hashable {
    public let name: String
    public let value: String

    public init(name: String, value: String) { (self.name, self.value) = (name, value) }
  }
  public let id: String
  /// What stands after the first colon, up to the question mark: a path or an address.
  public let location: String
  public let options: [Option]

  /// - Throws: ``PlugInError`` of kind `usage` when an option is not of the form `name=value`.
  public init(_ text: String) throws(PlugInError) {
    let visible = withoutPassword(text)
    let shown = printable(visible, limit: 200)
    let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let name = halves[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    id = String(name[0])
    location = name.count > 1 ? String(name[1]) : ""
    guard name.count == 1 || !location.isEmpty else {
      throw PlugInError(.usage, "'\(shown)': nothing stands after the colon; leave it out, or name a location")
    }
    var found: [Option] = []
    // What stands behind a '?' is shown in messages, and must not be the rest of a password.
    if halves.count > 1, halves[0].contains("//"), halves[1].contains("@") {
      throw PlugInError(
        .usage, "'\(id)': an '@' stands behind the '?' of the address; write '?' in a password as %3F, and '@' in an option as %40")
    }
    if halves.count > 1 {
      for part in halves[1].split(separator: "&") {
        let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2, !pair[0].isEmpty else {
          // An '&' in a password makes an option of the rest of it.
          let fault = visible.contains(part) ? "'\(printable(String(part)))'" : "what stands behind an '&'"
          throw PlugInError(.usage, "'\(shown)': \(fault) is not of the form option=value")
        }
        found.append(Option(name: String(pair[0]), value: String(pair[1])))
      }
    }
    options = found
  }

  public init(id: String, location: String = "", options: [Option] = []) {
    (self.id, self.location, self.options) = (id, location, options)
  }

  /// The location as it may be shown and kept: without the password, if it is an address that has one.
  public var publicLocation: String { String(withoutPassword("\(id):\(location)").dropFirst(id.count + 1)) }

  /// The same plug-in with its data elsewhere.
  public func located(at location: String) -> PlugInReference { PlugInReference(id: id, location: location, options: options) }

  /// The same plug-in with further options, which replace those of the same name.
  /// - Parameter more: each `name=value`.
  public func adding(_ more: [String]) -> PlugInReference {
    let added = more.compactMap { text in
      text.firstIndex(of: "=").map { Option(name: String(text[..<$0]), value: String(text[text.index(after: $0)...])) }
    }
    let kept = options.filter { option in !added.contains { $0.name == option.name } }
    return PlugInReference(id: id, location: location, options: kept + added)
  }

  /// The same plug-in with further options, where it does not have any of the same name.
  /// - Parameter defaults: each `name=value`.
  public func withDefaults(_ defaults: [String]) -> PlugInReference {
    adding(defaults.filter { text in !options.contains { text.hasPrefix($0.name + "=") } })
  }

  /// As a user would name it.
  public var text: String {
    let tail = options.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    return id + (location.isEmpty ? "" : ":\(location)") + (tail.isEmpty ? "" : "?\(tail)")
  }
}

/// The backends that a program offers. A value: whoever composes an executable makes one.
public struct BackendRegistry: Sendable {
  private struct Entry: Sendable {
    let descriptor: BackendDescriptor
    let make: @Sendable (OptionValues) throws(BackendError) -> BackendInstance
  }
  private var entries: [Entry] = []

  public init() {}

  public var descriptors: [BackendDescriptor] { entries.map(\.descriptor) }

  public mutating func register<Backend: BlockingStorageBackend>(_ type: Backend.Type) {
    entries.append(Entry(descriptor: type.descriptor) { options throws(BackendError) in .blocking(try Backend(options: options)) })
  }

  public mutating func register<Backend: PipelinedStorageBackend>(_ type: Backend.Type) {
    entries.append(Entry(descriptor: type.descriptor) { options throws(BackendError) in .pipelined(try Backend(options: options)) })
  }

  /// Makes the backend that a reference names.
  /// - Throws: ``PlugInError`` of kind `usage` for an unknown id or a bad option, else as the backend's own initialiser.
  public func make(_ reference: PlugInReference) throws(PlugInError) -> (instance: BackendInstance, options: OptionValues) {
    guard let entry = entries.first(where: { $0.descriptor.id == reference.id }) else {
      throw unknown(reference.id, among: entries.map(\.descriptor.id), what: "backend", listedBy: "jamboree backends")
    }
    try refuseLocation(reference, "backend", takes: entry.descriptor.location)
    let options = try OptionValues(
      owner: "backend '\(reference.id)'", location: reference.location, given: reference.options.map { ($0.name, $0.value) },
      descriptors: entry.descriptor.options)
    return (try entry.make(options), options)
  }
}

/// The rankers that a program offers.
public struct RankerRegistry: Sendable {
  private struct Entry: Sendable {
    let descriptor: RankerDescriptor
    /// Whether to make it starts nothing outside of this process.
    let isInProcess: Bool
    let make: @Sendable (OptionValues) throws(RankerError) -> RankerInstance
  }
  private var entries: [Entry] = []

  public init() {}

  public var descriptors: [RankerDescriptor] { entries.map(\.descriptor) }

  public mutating func register<Ranker: FeedRanker>(_ type: Ranker.Type) {
    entries.append(
      Entry(descriptor: type.descriptor, isInProcess: true) { options throws(RankerError) in .inProcess(try Ranker(options: options)) })
  }

  public mutating func register<Ranker: BatchRanker>(_ type: Ranker.Type) {
    entries.append(
      Entry(descriptor: type.descriptor, isInProcess: false) { options throws(RankerError) in .batch(try Ranker(options: options)) })
  }

  /// Looks whether a reference could be made, without starting anything.
  /// - Throws: ``PlugInError`` of kind `usage` for an unknown id or a bad option.
  public func check(_ reference: PlugInReference) throws(PlugInError) {
    let (entry, options) = try find(reference)
    if entry.isInProcess { _ = try entry.make(options) }
  }

  /// Makes the ranker that a reference names.
  /// - Throws: ``PlugInError`` of kind `usage` for an unknown id or a bad option, else as the ranker's own initialiser.
  public func make(_ reference: PlugInReference) throws(PlugInError) -> (ranker: RankerInstance, options: OptionValues) {
    let (entry, options) = try find(reference)
    return (try entry.make(options), options)
  }

  private func find(_ reference: PlugInReference) throws(PlugInError) -> (Entry, OptionValues) {
    guard let entry = entries.first(where: { $0.descriptor.id == reference.id }) else {
      throw unknown(reference.id, among: entries.map(\.descriptor.id), what: "ranker", listedBy: "jamboree rankers")
    }
    try refuseLocation(reference, "ranker", takes: entry.descriptor.locationOption)
    var given = reference.options.map { (name: $0.name, value: $0.value) }
    if let name = entry.descriptor.locationOption, !reference.location.isEmpty { given.append((name, reference.location)) }
    let options = try OptionValues(
      owner: "ranker '\(reference.id)'", location: reference.location, given: given, descriptors: entry.descriptor.options)
    return (entry, options)
  }
}

private func unknown(_ id: String, among known: [String], what: String, listedBy command: String) -> PlugInError {
  let hint = nearest(id, among: known).map { "did you mean '\($0)'? " } ?? ""
  return PlugInError(
    .usage, "unknown \(what) '\(printable(id))'; \(hint)known: \(known.joined(separator: ", ")) (see '\(command)')")
}

/// A path that goes nowhere would look as if results or data had been kept there.
private func refuseLocation(_ reference: PlugInReference, _ what: String, takes location: String?) throws(PlugInError) {
  guard location == nil, !reference.location.isEmpty else { return }
  throw PlugInError(
    .usage, "\(what) '\(reference.id)' takes no location; leave out ':\(printable(reference.publicLocation, limit: 200))'")
}
