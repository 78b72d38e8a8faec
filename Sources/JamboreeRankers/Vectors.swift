import JamboreeKit

// Columns are read and scores written four at a time. What is left over at the end is read number by number, so that nothing
// behind a column is touched. A column that the engine has left out is empty, and reads as zeros.

extension MutableSpan where Element == Float {
  /// Fills it with what `four` makes of four candidates at a time: those from `index` on, of which the last ones may be missing
  /// where it is not `whole`.
  @inline(__always) mutating func fill(_ count: Int, _ four: (_ index: Int, _ whole: Bool) -> SIMD4<Float>) {
    precondition(self.count >= count, "there is a score for each candidate")
    withUnsafeMutableBufferPointer { scores in
      guard let start = UnsafeMutableRawPointer(scores.baseAddress) else { return }
      var index = 0
      while index &+ 4 <= count {
        start.storeBytes(of: four(index, true), toByteOffset: index &* 4, as: SIMD4<Float>.self)
        index &+= 4
      }
      if index < count {
        let last = four(index, false)
        for lane in 0..<(count &- index) { scores[index &+ lane] = last[lane] }
      }
    }
  }
}

extension Span where Element == Int32 {
  /// The four numbers from `index` on.
  @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> { SIMD4<Float>(integers(index, whole)) }

  /// The same, with 0 in the place of what is below it.
  @inline(__always) func fourNotNegative(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
    let numbers = integers(index, whole)
    return SIMD4<Float>(numbers & ~(numbers &>> 31))
  }

  /// Their sums with those of another column, round the corner where they do not fit.
  @inline(__always) func four(_ index: Int, _ whole: Bool, plus other: Span<Int32>) -> SIMD4<Float> {
    SIMD4<Float>(integers(index, whole) &+ other.integers(index, whole))
  }

  @inline(__always) private func integers(_ index: Int, _ whole: Bool) -> SIMD4<Int32> {
    whole ? bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD4<Int32>.self) : rest(index)
  }

  @inline(never) private func rest(_ index: Int) -> SIMD4<Int32> {
    var result = SIMD4<Int32>()
    for lane in 0..<4 where index + lane < count { result[lane] = self[index + lane] }
    return result
  }
}

extension Span where Element == Float {
  /// The four numbers from `index` on; 0 where the column is empty.
  @inline(__always) func four(_ index: Int, _ whole: Bool) -> SIMD4<Float> {
    if isEmpty { return SIMD4<Float>() }
    return whole ? bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD4<Float>.self) : rest(index)
  }

  @inline(never) private func rest(_ index: Int) -> SIMD4<Float> {
    var result = SIMD4<Float>()
    for lane in 0..<4 where index + lane < count { result[lane] = self[index + lane] }
    return result
  }
}

extension Span where Element == SimTime {
  /// How old, in hours, the four items from `index` on are at a moment: 0 for what is of the future. Right up to 73 years.
  @inline(__always) func fourAges(_ index: Int, _ whole: Bool, at now: SimTime) -> SIMD4<Float> {
    let times = whole ? bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 8, as: SIMD4<Int64>.self) : rest(index)
    let ages = SIMD4<Int64>(repeating: now.nanoseconds) &- times
    // In units of 2^30 ns (1.07 s) they fit 32 bits for 73 years, which converts in one instruction where 64 bits do not.
    // The shift is of unsigned numbers, which vector units have; the low 32 bits are the same.
    let units = SIMD4<Int32>(truncatingIfNeeded: unsafeBitCast(ages, to: SIMD4<UInt64>.self) &>> 30)
    // An item from the future is as young as one of now.
    return SIMD4<Float>(units & ~(units &>> 31)) * Float(0x1p30 / 3.6e12)
  }

  @inline(never) private func rest(_ index: Int) -> SIMD4<Int64> {
    var result = SIMD4<Int64>()
    for lane in 0..<4 where index + lane < count { result[lane] = self[index + lane].nanoseconds }
    return result
  }
}

extension Span where Element == ItemID {
  /// One of two numbers for each of the four items from `index` on: the second where there is no item.
  @inline(__always) func four(_ index: Int, _ whole: Bool, present: Float, absent: Float) -> SIMD4<Float> {
    let ids = whole ? bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 8, as: SIMD4<UInt64>.self) : rest(index)
    // Either half says that there is something.
    let halves = SIMD4<Int32>(truncatingIfNeeded: ids) | SIMD4<Int32>(truncatingIfNeeded: ids &>> 32)
    return VectorMath.select(VectorMath.isNotZero(halves), SIMD4<Float>(repeating: present), SIMD4<Float>(repeating: absent))
  }

  @inline(never) private func rest(_ index: Int) -> SIMD4<UInt64> {
    var result = SIMD4<UInt64>()
    for lane in 0..<4 where index + lane < count { result[lane] = self[index + lane].rawValue }
    return result
  }
}

extension Span where Element == UInt16 {
  /// One of two numbers for each of the four topics from `index` on: the first where its bit is set.
  @inline(__always) func four(_ index: Int, _ whole: Bool, in bits: UInt64, match: Float, other: Float) -> SIMD4<Float> {
    // Shifts by different widths are not for the vector unit: bit by bit, which four at a time hide behind one another.
    let topics = whole ? bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 2, as: UInt64.self) : rest(index)
    let a = Int32(truncatingIfNeeded: bits &>> (topics & 63))
    let b = Int32(truncatingIfNeeded: bits &>> (topics &>> 16 & 63))
    let c = Int32(truncatingIfNeeded: bits &>> (topics &>> 32 & 63))
    let d = Int32(truncatingIfNeeded: bits &>> (topics &>> 48 & 63))
    return VectorMath.select(0 &- (SIMD4<Int32>(a, b, c, d) & 1), SIMD4<Float>(repeating: match), SIMD4<Float>(repeating: other))
  }

  /// As they stand in memory.
  @inline(never) private func rest(_ index: Int) -> UInt64 {
    var result: UInt64 = 0
    for lane in 0..<4 where index + lane < count { result |= UInt64(self[index + lane]) << UInt64(16 * lane) }
    return result
  }
}

/// 1 / sqrt(x) for x above 0 by Newton's method from a guess at the exponent, to within 1e-6: additions and
/// multiplications only, so it stays in vector registers (the library's square root is called lane by lane) and gives
/// the same bits on every machine.
@inline(__always) func inverseSquareRoot(_ x: SIMD4<Float>) -> SIMD4<Float> {
  let y = roughInverseSquareRoot(x)
  return y * (1.5 - x * 0.5 * y * y)
}

/// The same to within 5e-6.
@inline(__always) func roughInverseSquareRoot(_ x: SIMD4<Float>) -> SIMD4<Float> {
  let half = x * 0.5
  let guess = SIMD4<Int32>(repeating: 0x5F37_59DF) &- (unsafeBitCast(x, to: SIMD4<Int32>.self) &>> 1)
  var y = unsafeBitCast(guess, to: SIMD4<Float>.self)
  y = y * (1.5 - half * y * y)
  return y * (1.5 - half * y * y)
}
