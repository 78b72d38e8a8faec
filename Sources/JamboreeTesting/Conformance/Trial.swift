import JamboreeKit

/// A fresh backend and the reference model side by side: what one check works with. Every call goes to both, and the
/// first answer that differs ends the check.
final class Trial {
  let instance: BackendInstance
  private let make: @Sendable () throws -> BackendInstance
  private weak var parent: Trial?
  let descriptor: BackendDescriptor
  let timeoutNanoseconds: UInt64
  private(set) var model: ReferenceModel
  /// How many answers have been compared.
  private(set) var comparisons = 0
  private var drivers: [SessionID: any Driver] = [:]
  private var tick: TickID = 0

  init(timeoutNanoseconds: UInt64, make: @escaping @Sendable () throws -> BackendInstance) throws {
    instance = try make()
    self.make = make
    descriptor = instance.descriptor
    self.timeoutNanoseconds = timeoutNanoseconds
    let dataset = Stage.dataset
    try instance.backend.load(dataset)
    model = ReferenceModel(dataset)
  }

  /// Another fresh backend, whose comparisons count here too.
  func sibling() throws -> Trial {
    let sibling = try Trial(timeoutNanoseconds: timeoutNanoseconds, make: make)
    sibling.parent = self
    return sibling
  }

  /// Runs a check's part on this backend and finishes the backend, also when the part fails: it may hold files open.
  func finishing(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      // What went wrong first is what is reported.
      try? instance.backend.finish()
      throw error
    }
    try instance.backend.finish()
  }

  /// For failures' sentences.
  var place: String { "tick \(tick)" }

  func claims(_ verb: Verb) -> Bool { descriptor.verbs.contains(verb) }

  func driver(_ session: SessionID = 0) throws -> any Driver {
    if let known = drivers[session] { return known }
    let opened = try openDriver(instance, session: session, timeoutNanoseconds: timeoutNanoseconds)
    drivers[session] = opened
    return opened
  }

  /// Ends the tick: what was written is to be seen from here on.
  func endTick() throws {
    try instance.backend.endTick(tick)
    tick += 1
  }

  /// Performs writes in order through session 0, which any kind of backend allows.
  @discardableResult func write(_ calls: [Call]) throws -> [Answer] {
    let answers = try driver().perform(calls)
    for (index, call) in calls.enumerated() { try compare(call, expected: model.perform(call), answers, index) }
    return answers
  }

  @discardableResult func write(_ call: Call) throws -> Answer { try write([call])[0] }

  /// Performs writes and ends the tick.
  func commit(_ calls: [Call]) throws {
    try write(calls)
    try endTick()
  }

  /// Performs writes as a group.
  @discardableResult func write(group: [Call]) throws -> Answer {
    let answer = try driver().perform(group: group)
    let expected = model.perform(group: group, atomic: descriptor.atomicGroups)
    count(1)
    if let found = Answer.difference(expected: expected, got: answer) {
      let names = group.map(\.text).joined(separator: "; ")
      throw ConformanceFailure("\(place), group of \(group.count) writes [\(names)]: \(found)")
    }
    return answer
  }

  /// Performs reads and returns the answers. Those that the backend does not claim are left out.
  @discardableResult func read(_ calls: [Call], session: SessionID = 0) throws -> [Answer] {
    let claimed = calls.filter { claims($0.operation.verb) }
    let answers = try driver(session).perform(claimed)
    for (index, call) in claimed.enumerated() { try compare(call, expected: model.read(call), answers, index) }
    return answers
  }

  /// Ids that a read finds; nil when the backend does not claim its verb.
  func ids(_ call: Call, session: SessionID = 0) throws -> [ItemID]? {
    try read([call], session: session).first?.items.map(\.id)
  }

  /// Counts answers that were compared elsewhere, such as on other threads.
  func count(_ compared: Int) {
    comparisons += compared
    parent?.count(compared)
  }

  /// Lets the model follow writes that other threads have made.
  func follow(_ calls: [Call]) -> [Answer] { calls.map { model.perform($0) } }

  private func compare(_ call: Call, expected: Answer, _ answers: [Answer], _ index: Int) throws {
    guard index < answers.count else { throw ConformanceFailure("\(place), \(call.text): got no answer") }
    count(1)
    if descriptor.isSynthetic { return }
    if let found = Answer.difference(expected: expected, got: answers[index]) {
      throw ConformanceFailure("\(place), \(call.text): \(found)")
    }
  }
}
