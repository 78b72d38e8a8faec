import JamboreeKit

/// One call to a backend as a check makes it: an operation and the list beside it.
struct Call: Sendable {
  var operation: Operation
  var arguments: [UInt64] = []

  init(_ operation: Operation, _ arguments: [UInt64] = []) {
    self.operation = operation
    self.arguments = arguments
  }
}

/// What came back: the outcome and every field of the reply, as plain values that outlive the call.
struct Answer: Sendable {
  var outcome: Outcome
  var items: [ItemRow] = []
  var keys: [UInt64] = []
  var count: Int64 = 0
  var sum: Int64 = 0
  var version: UInt32 = 0

  init(_ outcome: Outcome) { self.outcome = outcome }

  init(_ outcome: Outcome, _ reply: borrowing Reply) {
    self.outcome = outcome
    for index in 0..<reply.items.count { items.append(reply.items[index]) }
    keys = reply.keys
    count = reply.count
    sum = reply.sum
    version = reply.version
  }

  /// The first way in which `got` is not what was expected, or nil.
  static func difference(expected: Answer, got: Answer) -> String? {
    func compare<Value: Equatable>(_ what: String, _ expected: Value, _ got: Value) -> String? {
      expected == got ? nil : "\(what): expected \(expected), got \(got)"
    }
    if let found = compare("outcome", expected.outcome.name, got.outcome.name) { return found }
    for index in 0..<min(expected.items.count, got.items.count) {
      if let found = difference(row: index, expected.items[index], got.items[index]) { return found }
    }
    return compare("number of rows", expected.items.count, got.items.count)
      ?? compare("keys", expected.keys, got.keys) ?? compare("count", expected.count, got.count)
      ?? compare("sum", expected.sum, got.sum) ?? compare("version", expected.version, got.version)
  }

  private static func difference(row: Int, _ a: ItemRow, _ b: ItemRow) -> String? {
    func compare<Value: Equatable>(_ what: String, _ expected: Value, _ got: Value) -> String? {
      expected == got ? nil : "row \(row) (\(a.id.text)), \(what): expected \(expected), got \(got)"
    }
    if a.id != b.id { return "row \(row), id: expected \(a.id.text), got \(b.id.text)" }
    let differences = [
      compare("created", a.created.nanoseconds, b.created.nanoseconds),
      compare("lastActive", a.lastActive.nanoseconds, b.lastActive.nanoseconds),
      compare("ratingSum", a.ratingSum, b.ratingSum), compare("ratingCount", a.ratingCount, b.ratingCount),
      compare("voteSum", a.voteSum, b.voteSum), compare("flagCount", a.flagCount, b.flagCount),
      compare("downloadCount", a.downloadCount, b.downloadCount), compare("replyCount", a.replyCount, b.replyCount),
      compare("version", a.version, b.version), compare("payload length", a.payload >> 32, b.payload >> 32),
      compare("payload checksum", a.payload & 0xFFFF_FFFF, b.payload & 0xFFFF_FFFF),
      compare("parent", a.parent.text, b.parent.text), compare("kind", a.kind, b.kind), compare("value", a.value, b.value),
      compare("topic", a.topic, b.topic), compare("flags", a.flags.rawValue, b.flags.rawValue),
    ]
    return differences.lazy.compactMap { $0 }.first
  }
}

extension ItemID {
  /// `12#3`: the author's third; `12#4.3`: in service 4.
  var text: String {
    self == .none ? "none" : "\(author.rawValue)#\(service > 0 ? "\(service)." : "")\(sequence)"
  }
}

extension Call {
  /// The verb and the fields that it reads, for messages.
  var text: String {
    var parts: [String] = ["by \(operation.actor.rawValue)"]
    let subject = operation.subject.text
    switch operation.verb {
    case .publish:
      parts += ["subject \(subject)", "container \(operation.container.rawValue)"]
      if operation.object != 0 { parts.append("answers \(ItemID(rawValue: operation.object).text)") }
      if operation.flags.contains(.isPrivate) { parts.append("private") }
      parts += ["at \(operation.intended.nanoseconds) ns", "\(operation.payloadLength) B"]
    case .edit: parts += ["subject \(subject)", "expected version \(operation.expectedVersion)"]
    case .react: parts += ["subject \(subject)", "kind \(operation.kind)", "value \(operation.value)"]
    case .delete, .item: parts.append("subject \(subject)")
    case .revisions, .scan: parts += ["subject \(subject)", "limit \(operation.limit)"]
    case .thread: parts += ["subject \(subject)", "limit \(operation.limit)", "skip \(operation.object)"]
    case .listing:
      parts += [
        "container \(operation.container.rawValue)", "order \(operation.order)", "limit \(operation.limit)",
        "skip \(operation.object)",
      ]
    case .connect, .disconnect: parts += ["object \(operation.object)", "kind \(operation.kind)"]
    case .connections: parts += ["object \(operation.object)", "kind \(operation.kind)", "limit \(operation.limit)"]
    case .join: parts.append("container \(operation.container.rawValue)")
    case .deliver: parts += ["subject \(subject)", "kind \(operation.kind)", "object \(operation.object)"]
    case .markRead: parts += ["kind \(operation.kind)", "until \(operation.object)"]
    case .directory:
      parts += [
        "container \(operation.container.rawValue)", "after \(operation.object)",
        "prefix \(String(operation.payloadSeed, radix: 16))", "limit \(operation.limit)",
      ]
    case .profile: parts.append("object \(operation.object)")
    case .search: parts += ["word \(operation.payloadSeed)", "limit \(operation.limit)"]
    case .counts: break
    default: parts.append("limit \(operation.limit)")
    }
    if !arguments.isEmpty { parts.append("arguments \(arguments)") }
    return "\(operation.verb.name) (\(parts.joined(separator: ", ")))"
  }
}
