import JamboreeKit

/// Messages between shards: one box for each pair of sender and receiver, so that nobody ever waits for a lock.
///
/// A sender fills its boxes in one phase; after the barrier each receiver empties its own, in the order of the senders'
/// numbers and, within one sender, of sending. That order is the same for any number of workers.
final class Mailboxes<Message: BitwiseCopyable>: @unchecked Sendable {
  // Safe to share: in the filling phase only the worker that holds shard `s` touches row `s`; in the emptying phase
  // only the one that holds shard `d` touches column `d`; a barrier lies between.
  private struct Box {
    var messages: UnsafeMutablePointer<Message>?
    var count: Int32
    var capacity: Int32
  }

  private let boxes: UnsafeMutablePointer<Box>
  /// By sender, bit `d`: there is mail for shard `d`. Packed: worker 0 reads all of them in every tick, and workers
  /// fill them in blocks of senders.
  private let masks: UnsafeMutablePointer<UInt64>

  init() {
    precondition(shardCount == 64, "one mask bit a shard")
    boxes = .allocate(capacity: shardCount * shardCount)
    boxes.initialize(repeating: Box(messages: nil, count: 0, capacity: 0), count: shardCount * shardCount)
    masks = .allocate(capacity: shardCount)
    masks.initialize(repeating: 0, count: shardCount)
  }

  deinit {
    for index in 0..<(shardCount * shardCount) { boxes[index].messages?.deallocate() }
    boxes.deallocate()
    masks.deallocate()
  }

  @inline(__always) func send(_ message: Message, from sender: Int, to receiver: Int) {
    let box = boxes + (sender &* shardCount &+ receiver)
    if box.pointee.count == box.pointee.capacity { grow(box) }
    if let messages = box.pointee.messages {
      messages[Int(box.pointee.count)] = message
      box.pointee.count &+= 1
      masks[sender] |= 1 << UInt64(receiver)
    }
  }

  /// Which shards have mail: one bit each. Only between phases.
  func receivers() -> UInt64 {
    var all: UInt64 = 0
    for sender in 0..<shardCount { all |= masks[sender] }
    return all
  }

  /// Tells that all mail has been taken. Only between phases, after every receiver with mail has emptied its boxes.
  func clearMasks() {
    for sender in 0..<shardCount { masks[sender] = 0 }
  }

  /// Takes a receiver's mail.
  @inline(__always) func receive(_ receiver: Int, _ body: (Message) -> Void) {
    for sender in 0..<shardCount where masks[sender] >> UInt64(receiver) & 1 == 1 {
      let box = boxes + (sender &* shardCount &+ receiver)
      if let messages = box.pointee.messages {
        for index in 0..<Int(box.pointee.count) { body(messages[index]) }
      }
      box.pointee.count = 0
    }
  }

  /// Shows all mail with sender and receiver, for a checkpoint.
  func forEach(_ body: (_ sender: Int, _ receiver: Int, Message) -> Void) {
    for sender in 0..<shardCount {
      for receiver in 0..<shardCount {
        let box = boxes[sender * shardCount + receiver]
        guard let messages = box.messages else { continue }
        for index in 0..<Int(box.count) { body(sender, receiver, messages[index]) }
      }
    }
  }

  /// Shows the size of every box that has mail. Only between phases.
  fileprivate func forEachBox(_ body: (Int) -> Void) {
    for sender in 0..<shardCount {
      var mask = masks[sender]
      while mask != 0 {
        body(Int(boxes[sender &* shardCount &+ mask.trailingZeroBitCount].count))
        mask &= mask &- 1
      }
    }
  }

  private func grow(_ box: UnsafeMutablePointer<Box>) {
    let capacity = max(8, Int(box.pointee.capacity) * 2)
    let grown = UnsafeMutablePointer<Message>.allocate(capacity: capacity)
    if let old = box.pointee.messages {
      grown.update(from: old, count: Int(box.pointee.count))
      old.deallocate()
    }
    box.pointee.messages = grown
    box.pointee.capacity = Int32(capacity)
  }
}

extension Mailboxes {
  /// How many messages wait. Only between phases.
  func messageCount() -> Int {
    var count = 0
    forEachBox { count += $0 }
    return count
  }
}

extension Mailboxes {
  /// Writes all mail, for a checkpoint. Only between phases.
  func encode(into encoder: inout StateEncoder) {
    var places: [UInt16] = []
    var messages: [Message] = []
    forEach { sender, receiver, message in
      places.append(UInt16(sender * shardCount + receiver))
      messages.append(message)
    }
    encoder.encode(places)
    encoder.encode(messages)
  }

  func restore(from decoder: inout StateDecoder) throws(StateMismatch) {
    let places = try decoder.decodeArray(of: UInt16.self)
    let messages = try decoder.decodeArray(of: Message.self)
    guard places.count == messages.count, places.allSatisfy({ $0 < shardCount * shardCount }) else {
      throw StateMismatch("the checkpoint's mail is damaged")
    }
    for (place, message) in zip(places, messages) {
      send(message, from: Int(place) / shardCount, to: Int(place) % shardCount)
    }
  }
}
