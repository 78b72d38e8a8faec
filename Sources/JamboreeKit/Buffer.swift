/// A growable run of plain values for hot loops: an array without reference counts, copies on write or shrinking.
/// Not thread-safe. Appending beyond the capacity moves the memory; `removeAll()` keeps it.
public struct Buffer<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var memory: UnsafeMutablePointer<Element>
  @usableFromInline var used = 0
  @usableFromInline var capacity: Int

  public init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    memory = .allocate(capacity: self.capacity)
  }

  deinit { memory.deallocate() }

  @inlinable @inline(__always) public var count: Int { used }
  @inlinable @inline(__always) public var isEmpty: Bool { used == 0 }

  @inlinable @inline(__always) public mutating func append(_ element: Element) {
    if used == capacity { grow(used + 1) }
    memory[used] = element
    used &+= 1
  }

  public mutating func append(contentsOf elements: some Collection<Element>) {
    for element in elements { append(element) }
  }

  /// Appends a copy of another buffer's elements.
  public mutating func append(_ other: borrowing Buffer) {
    if used + other.used > capacity { grow(used + other.used) }
    (memory + used).update(from: other.memory, count: other.used)
    used += other.used
  }

  @inlinable @inline(__always) public mutating func removeAll() { used = 0 }

  /// Removes all elements and gives surplus memory back: after a phase that needed far more than the rest will.
  public mutating func release() {
    memory.deallocate()
    capacity = 16
    memory = .allocate(capacity: capacity)
    used = 0
  }

  /// Makes it `count` long; new elements have the given value, surplus ones go.
  public mutating func resize(to count: Int, filling element: Element) {
    if count > capacity { grow(count) }
    if count > used { (memory + used).update(repeating: element, count: count - used) }
    used = count
  }

  /// An element; `index` in `0 ..< count`.
  @inlinable @inline(__always) public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < used, "index out of range")
      return memory[index]
    }
    set {
      precondition(index >= 0 && index < used, "index out of range")
      memory[index] = newValue
    }
  }

  @inlinable public var span: Span<Element> {
    @_lifetime(borrow self) get { _overrideLifetime(Span(_unsafeStart: memory, count: used), borrowing: self) }
  }

  @inlinable public var mutableSpan: MutableSpan<Element> {
    @_lifetime(&self) mutating get { _overrideLifetime(MutableSpan(_unsafeStart: memory, count: used), mutating: &self) }
  }

  /// A copy as an array.
  public var array: [Element] { [Element](UnsafeBufferPointer(start: memory, count: used)) }

  @usableFromInline @inline(never) mutating func grow(_ wanted: Int) {
    let size = max(wanted, capacity * 2)
    let grown = UnsafeMutablePointer<Element>.allocate(capacity: size)
    grown.update(from: memory, count: used)
    memory.deallocate()
    memory = grown
    capacity = size
  }
}
