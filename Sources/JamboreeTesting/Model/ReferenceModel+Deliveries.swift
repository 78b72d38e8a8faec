import JamboreeKit

/// Inboxes and notifications.
extension ReferenceModel {
  mutating func deliver(_ call: Call) -> Answer {
    let operation = call.operation
    for recipient in call.arguments {
      deliveries.append(
        Delivery(
          recipient: UInt32(truncatingIfNeeded: recipient), kind: operation.kind, subject: operation.subject,
          object: operation.object, actor: operation.actor, time: operation.intended))
    }
    return Answer(.ok)
  }

  mutating func markRead(_ operation: Operation) -> Answer {
    let time = SimTime(nanoseconds: Int64(bitPattern: operation.object))
    let member = operation.actor.rawValue
    if operation.kind == DeliveryKind.feed.rawValue {
      inboxMarks[member] = max(inboxMarks[member] ?? time, time)
    } else {
      notificationMarks[member] = max(notificationMarks[member] ?? time, time)
    }
    return Answer(.ok)
  }

  func inbox(_ operation: Operation) -> Answer {
    var held: [Delivery] = []
    for delivery in deliveries where delivery.recipient == operation.actor.rawValue && delivery.kind == DeliveryKind.feed.rawValue {
      if !held.contains(where: { $0.subject == delivery.subject && $0.object == delivery.object }) { held.append(delivery) }
    }
    held.sort { a, b in
      let (first, second) = (Int64(bitPattern: a.object), Int64(bitPattern: b.object))
      return first != second ? first > second : a.subject.tieBreak > b.subject.tieBreak
    }
    var answer = Answer(.ok)
    let shown = show(held, mark: inboxMarks[operation.actor.rawValue], operation, &answer)
    answer.items = shown.map(\.row)
    return answer
  }

  func notifications(_ operation: Operation) -> Answer {
    var held: [Delivery] = []
    for delivery in deliveries where delivery.recipient == operation.actor.rawValue && delivery.kind != DeliveryKind.feed.rawValue {
      if !held.contains(delivery) { held.append(delivery) }
    }
    func tie(_ delivery: Delivery) -> UInt64 {
      deliveryTieBreak(subject: delivery.subject, object: delivery.object, kind: delivery.kind, actor: delivery.actor)
    }
    held.sort { a, b in a.time != b.time ? a.time > b.time : tie(a) > tie(b) }
    var answer = Answer(.ok)
    for entry in show(held, mark: notificationMarks[operation.actor.rawValue], operation, &answer) {
      answer.items.append(entry.row)
      answer.keys += [entry.delivery.object, UInt64(entry.delivery.kind) << 32 | UInt64(entry.delivery.actor.rawValue)]
    }
    return answer
  }

  /// Cuts to what is held, counts what is unseen, and leaves out what is not there for the member.
  private func show(
    _ deliveries: [Delivery], mark: SimTime?, _ operation: Operation, _ answer: inout Answer
  ) -> [(row: ItemRow, delivery: Delivery)] {
    let held = deliveries.prefix(inboxCapacity)
    answer.count = Int64(held.filter { delivery in mark.map { delivery.time > $0 } ?? true }.count)
    var shown: [(row: ItemRow, delivery: Delivery)] = []
    for delivery in held where shown.count < Int(operation.limit) {
      if let item = find(delivery.subject), item.isThere(for: operation.actor) { shown.append((row(item), delivery)) }
    }
    return shown
  }
}
