/// An option that a backend or a ranker takes, as in `sqlite:jam.db?synchronous=normal` or `hot?gravity=1.8`.
public struct OptionDescriptor: Sendable {
  public enum Kind: Sendable {
    case number(ClosedRange<Double>)
    case integer(ClosedRange<Int64>)
    case boolean
    case text
    case choice([String])
    /// Stands for the options of what another option names: each is given as `chooser.name=value`. By the value of the option
    /// `chooser`, which is a choice and comes first, the options that there are then.
    case nested(chooser: String, options: [(choice: String, options: [OptionDescriptor])])
  }

  public let name: String
  public let kind: Kind
  /// The value in force when the option is not given, as text.
  public let defaultValue: String
  /// What it does, with its unit: one line for `jamboree backends` and `jamboree rankers`.
  public let summary: String

  public init(name: String, kind: Kind, defaultValue: String, summary: String) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.summary = summary
  }
}

/// Why a plug-in could not be made or used. The message is complete: it names the option, path or address and the way out.
public struct PlugInError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// An unknown option or a value out of range: exit code 64.
    case usage
    /// The system under test did not answer within the stated time: exit code 69.
    case unreachable
    /// Locked, full or not writable: exit code 74.
    case io
    /// It answered, and not as it should.
    case failed
  }

  public let kind: Kind
  public let message: String
  public var description: String { message }

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}

public typealias BackendError = PlugInError
public typealias RankerError = PlugInError

/// The options of one plug-in, checked against its descriptors: every one has a value of its kind and in its range.
public struct OptionValues: Sendable {
  private var values: [String: String]
  /// By chooser, the options of what was chosen.
  private var nested: [String: [OptionValues]] = [:]
  private let owner: String
  /// What stands between the colon and the question mark: a path or an address; empty when there is none.
  public let location: String
  private let descriptors: [OptionDescriptor]

  /// - Parameters:
  ///   - owner: the plug-in's id, for messages.
  ///   - given: pairs as the user wrote them.
  /// - Throws: ``PlugInError`` of kind `usage` for an unknown option, one that is given twice, or a value out of range.
  public init(
    owner: String, location: String = "", given: [(name: String, value: String)], descriptors: [OptionDescriptor]
  ) throws(PlugInError) {
    self.location = location
    self.descriptors = descriptors
    self.owner = owner
    values = [:]
    for descriptor in descriptors { values[descriptor.name] = descriptor.defaultValue }
    var seen: Set<String> = []
    var inner: [String: [(name: String, value: String)]] = [:]
    for (name, value) in given {
      if let chooser = descriptors.lazy.compactMap(\.chooser).first(where: { name.hasPrefix($0 + ".") }) {
        inner[chooser, default: []].append((String(name.dropFirst(chooser.utf8.count + 1)), value))
        continue
      }
      guard let descriptor = descriptors.first(where: { $0.name == name && $0.chooser == nil }) else {
        let known = descriptors.map(\.name).sorted().joined(separator: ", ")
        throw PlugInError(.usage, "\(owner) has no option '\(printable(name))'; it takes \(known.isEmpty ? "none" : known)")
      }
      guard seen.insert(name).inserted else {
        throw PlugInError(.usage, "\(owner): option '\(name)' is given twice; keep one")
      }
      if let complaint = OptionValues.complaint(value, descriptor.kind) {
        throw PlugInError(.usage, "\(owner): option '\(name)' is '\(printable(value))'; it must be \(complaint)")
      }
      values[name] = value
    }
    for descriptor in descriptors {
      guard case .nested(let chooser, let groups) = descriptor.kind else { continue }
      let choice = values[chooser] ?? ""
      let found = try OptionValues(
        owner: "\(owner), \(chooser) '\(printable(choice))'", given: inner[chooser] ?? [],
        descriptors: groups.first { $0.choice == choice }?.options ?? [])
      nested[chooser] = [found]
    }
  }

  private static func complaint(_ value: String, _ kind: OptionDescriptor.Kind) -> String? {
    switch kind {
    case .number(let range):
      if let number = Double(value), range.contains(number) { return nil }
      return kind.inWords
    case .integer(let range):
      if let number = Int64(value), range.contains(number) { return nil }
      return kind.inWords
    case .boolean:
      return value == "true" || value == "false" ? nil : kind.inWords
    case .text:
      return nil
    case .choice(let choices):
      return choices.contains(value) ? nil : kind.inWords
    case .nested:
      return nil
    }
  }

  /// The value of an option of kind `number` or `integer`; 0 for a name that is not among the descriptors.
  public func number(_ name: String) -> Double { values[name].flatMap { Double($0) } ?? 0 }
  public func integer(_ name: String) -> Int64 { values[name].flatMap { Int64($0) } ?? 0 }
  public func boolean(_ name: String) -> Bool { values[name] == "true" }
  public func text(_ name: String) -> String { values[name] ?? "" }

  /// The options of what the option `chooser` names; see ``OptionDescriptor/Kind/nested(chooser:options:)``.
  /// - Throws: ``PlugInError`` when there is no such option: a fault of whoever asks.
  public func options(of chooser: String) throws(PlugInError) -> OptionValues {
    guard let found = nested[chooser]?.first else { throw PlugInError(.usage, "\(owner) has no option whose options begin with '\(chooser).'") }
    return found
  }

  /// All options with the value in force, in the order of the descriptors: what a result store keeps.
  public var inForce: [(name: String, value: String)] {
    descriptors.flatMap { descriptor -> [(name: String, value: String)] in
      guard let chooser = descriptor.chooser else { return [(descriptor.name, values[descriptor.name] ?? "")] }
      return (nested[chooser]?.first?.inForce ?? []).map { ("\(chooser).\($0.name)", $0.value) }
    }
  }
}

extension [OptionDescriptor] {
  /// Of options in force, each `name=value` as ``OptionValues/inForce`` has them, those that are not at their defaults.
  public func changed(_ options: [String]) -> [String] {
    let defaults = Set(
      flatMap { descriptor -> [String] in
        guard case .nested(let chooser, let groups) = descriptor.kind else { return ["\(descriptor.name)=\(descriptor.defaultValue)"] }
        let inner = groups.first { options.contains("\(chooser)=\($0.choice)") }?.options ?? []
        return inner.map { "\(chooser).\($0.name)=\($0.defaultValue)" }
      })
    return options.filter { !defaults.contains($0) }
  }
}

extension OptionDescriptor {
  /// The option whose value's options it stands for, if it does.
  fileprivate var chooser: String? {
    if case .nested(let chooser, _) = kind { return chooser }
    return nil
  }
}

extension OptionDescriptor.Kind {
  /// What a value must be, as in "it must be a number from 0 to 10".
  public var inWords: String {
    switch self {
    case .number(let range): "a number" + JamboreeKit.inWords(range)
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .boolean: "true or false"
    case .text: "text"
    case .choice(let choices): "one of " + choices.joined(separator: ", ")
    case .nested(let chooser, _): "an option of the \(chooser)"
    }
  }
}
