/// What is there before the first member comes.
public struct Dataset: Sendable {
  /// Tells one dataset from another, in words that a person knows it by: scenario, seed, scale. A durable backend keeps it
  /// with the data, and goes on only with what it was made for.
  public let identity: String
  /// Who: names, regions, the social graph.
  public let population: Population
  public let containers: [Container]
  /// What has happened, in order of time; replies follow what they answer.
  public var history: OperationLog
  /// What the run will call. A backend may do without an index that none of these needs.
  public let verbs: Set<Verb>

  public struct Container: Sendable {
    public let id: ContainerID
    public let name: String
    public init(id: ContainerID, name: String) {
      self.id = id
      self.name = name
    }
  }

  public init(
    identity: String = "", population: Population, containers: [Container], history: OperationLog,
    verbs: Set<Verb> = Set(Verb.allCases)
  ) {
    self.identity = identity
    self.population = population
    self.containers = containers
    self.history = history
    self.verbs = verbs
  }
}

/// Writes with their arguments, in the order in which they were made.
public struct OperationLog: Sendable {
  public private(set) var operations: [Operation] = []
  private var argumentStarts: [Int] = [0]
  private var arguments: [UInt64] = []

  public init() {}

  public init(_ operations: [Operation]) {
    for operation in operations { append(operation) }
  }

  public var count: Int { operations.count }

  public mutating func append(_ operation: Operation, arguments new: some Collection<UInt64> = EmptyCollection()) {
    operations.append(operation)
    arguments.append(contentsOf: new)
    argumentStarts.append(arguments.count)
  }

  /// Adds another log's writes behind its own.
  public mutating func append(_ other: OperationLog) {
    for index in 0..<other.count {
      append(other.operations[index], arguments: other.arguments[other.argumentStarts[index]..<other.argumentStarts[index + 1]])
    }
  }

  /// The same writes in order of their ``Operation/intended`` times; those of one time stay in the order in which they are.
  public func sortedByTime() -> OperationLog {
    var isSorted = true
    for index in operations.indices.dropFirst() where operations[index].intended < operations[index - 1].intended { isSorted = false }
    if isSorted { return self }
    let order = operations.indices.sorted { (operations[$0].intended, $0) < (operations[$1].intended, $1) }
    var log = OperationLog()
    for index in order { log.append(operations[index], arguments: arguments[argumentStarts[index]..<argumentStarts[index + 1]]) }
    return log
  }

  /// Lends the arguments of the write at a place.
  public func withArguments<Result>(of index: Int, _ body: (Span<UInt64>) -> Result) -> Result {
    body(arguments.span.extracting(argumentStarts[index]..<argumentStarts[index + 1]))
  }

  /// Shows each write with its arguments.
  public func forEach<Failure: Error>(
    _ body: (Operation, _ arguments: Span<UInt64>) throws(Failure) -> Void
  ) throws(Failure) {
    let all = arguments.span
    for index in 0..<count {
      try body(operations[index], all.extracting(argumentStarts[index]..<argumentStarts[index + 1]))
    }
  }
}
