import JamboreeKit

// Columns are read and scores written four at a time. What is left over at the end is read number by number, so that nothing
// behind a column is touched. An empty column, which is one that the engine has left out, reads as zeros.

extension Span where Element == Int32 {
  /// The four numbers from `index` on; 0 where there are none.
  @inline(__always) func four(_ index: Int) -> SIMD4<Float> {
    if index &+ 4 <= count { return SIMD4<Float>(bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD4<Int32>.self)) }
    return rest(index)
  }

  /// The same, with 0 in the place of what is below it.
  @inline(__always) func fourNotNegative(_ index: Int) -> SIMD4<Float> {
    if index &+ 4 <= count {
      let numbers = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD4<Int32>.self)
      return SIMD4<Float>(numbers & ~(numbers &>> 31))
    }
    let numbers = rest(index)
    return VectorMath.select(numbers .> SIMD4<Float>(), numbers, SIMD4<Float>())
  }

  /// The sums of the four numbers from `index` on and those of another column, round the corner where they do not fit.
  @inline(__always) func four(_ index: Int, plus other: Span<Int32>) -> SIMD4<Float> {
    if index &+ 4 <= count, index &+ 4 <= other.count {
      return SIMD4<Float>(
        bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD4<Int32>.self)
          &+ other.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD4<Int32>.self))
    }
    var result = SIMD4<Float>()
    for lane in 0..<4 where index + lane < min(count, other.count) { result[lane] = Float(self[index + lane] &+ other[index + lane]) }
    return result
  }

  @inline(never) private func rest(_ index: Int) -> SIMD4<Float> {
    var result = SIMD4<Float>()
    for lane in 0..<4 where index + lane < count { result[lane] = Float(self[index + lane]) }
    return result
  }
}

extension Span where Element == Float {
  /// The four numbers from `index` on; 0 where there are none.
  @inline(__always) func four(_ index: Int) -> SIMD4<Float> {
    if index &+ 4 <= count { return bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD4<Float>.self) }
    return rest(index)
  }

  @inline(never) private func rest(_ index: Int) -> SIMD4<Float> {
    var result = SIMD4<Float>()
    for lane in 0..<4 where index + lane < count { result[lane] = self[index + lane] }
    return result
  }
}

extension Span where Element == SimTime {
  /// How old, in hours, the four items from `index` on are at a moment: 0 for what is of the future. Right up to 73 years.
  @inline(__always) func fourAges(_ index: Int, at now: SimTime) -> SIMD4<Float> {
    if index &+ 4 <= count {
      let times = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 8, as: SIMD4<Int64>.self)
      return hours(SIMD4<Int64>(repeating: now.nanoseconds) &- times)
    }
    return rest(index, at: now)
  }

  @inline(never) private func rest(_ index: Int, at now: SimTime) -> SIMD4<Float> {
    var ages = SIMD4<Int64>()
    for lane in 0..<4 where index + lane < count { ages[lane] = now.nanoseconds &- self[index + lane].nanoseconds }
    return hours(ages)
  }
}

/// Ages in units of 2^30 ns (1.07 s) fit 32 bits for 73 years, which converts in one instruction where 64 bits do not.
/// The shift is of unsigned numbers, which vector units have; the low 32 bits are the same.
@inline(__always) private func hours(_ ages: SIMD4<Int64>) -> SIMD4<Float> {
  let units = SIMD4<Int32>(truncatingIfNeeded: unsafeBitCast(ages, to: SIMD4<UInt64>.self) &>> 30)
  // An item from the future is as young as one of now.
  return SIMD4<Float>(units & ~(units &>> 31)) * Float(0x1p30 / 3.6e12)
}

extension Span where Element == ItemID {
  /// One of two numbers for each of the four items from `index` on: the second where there is no item.
  @inline(__always) func four(_ index: Int, present: Float, absent: Float) -> SIMD4<Float> {
    if index &+ 4 <= count {
      let ids = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 8, as: SIMD4<UInt64>.self)
      // Either half says that there is something.
      let halves = SIMD4<UInt32>(truncatingIfNeeded: ids) | SIMD4<UInt32>(truncatingIfNeeded: ids &>> 32)
      return VectorMath.select(
        unsafeBitCast(halves, to: SIMD4<Int32>.self) .== SIMD4<Int32>(), SIMD4<Float>(repeating: absent), SIMD4<Float>(repeating: present))
    }
    return rest(index, present, absent)
  }

  @inline(never) private func rest(_ index: Int, _ present: Float, _ absent: Float) -> SIMD4<Float> {
    var result = SIMD4<Float>(repeating: absent)
    for lane in 0..<4 where index + lane < count && self[index + lane] != .none { result[lane] = present }
    return result
  }
}

extension Span where Element == UInt16 {
  /// One of two numbers for each of the four topics from `index` on: the first where its bit is set.
  @inline(__always) func four(_ index: Int, in bits: UInt64, match: Float, other: Float) -> SIMD4<Float> {
    guard index &+ 4 <= count else { return rest(index, bits, match, other) }
    // Shifts by different widths are not for the vector unit: bit by bit, which four at a time hide behind one another.
    let topics = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 2, as: UInt64.self)
    let a = UInt32(truncatingIfNeeded: bits &>> (topics & 63)) & 1
    let b = UInt32(truncatingIfNeeded: bits &>> (topics &>> 16 & 63)) & 1
    let c = UInt32(truncatingIfNeeded: bits &>> (topics &>> 32 & 63)) & 1
    let d = UInt32(truncatingIfNeeded: bits &>> (topics &>> 48 & 63)) & 1
    return VectorMath.select(
      unsafeBitCast(SIMD4<UInt32>(a, b, c, d), to: SIMD4<Int32>.self) .== SIMD4<Int32>(), SIMD4<Float>(repeating: other),
      SIMD4<Float>(repeating: match))
  }

  @inline(never) private func rest(_ index: Int, _ bits: UInt64, _ match: Float, _ other: Float) -> SIMD4<Float> {
    var result = SIMD4<Float>(repeating: other)
    for lane in 0..<4 where index + lane < count && bits &>> UInt64(self[index + lane] & 63) & 1 == 1 { result[lane] = match }
    return result
  }
}

extension MutableSpan where Element == Float {
  /// Writes four numbers from `index` on, so far as there is room for them.
  @inline(__always) mutating func store(_ numbers: SIMD4<Float>, at index: Int) {
    if index &+ 4 <= count {
      var raw = mutableBytes
      raw.storeBytes(of: numbers, toUncheckedByteOffset: index &* 4, as: SIMD4<Float>.self)
    } else {
      for lane in 0..<4 where index + lane < count { self[index + lane] = numbers[lane] }
    }
  }
}

/// 1 / sqrt(x) for x above 0 by Newton's method from a guess at the exponent, to within 1e-6: additions and
/// multiplications only, so it stays in vector registers (the library's square root is called lane by lane) and gives
/// the same bits on every machine.
@inline(__always) func inverseSquareRoot(_ x: SIMD4<Float>) -> SIMD4<Float> {
  let half = x * 0.5
  let guess = SIMD4<Int32>(repeating: 0x5F37_59DF) &- (unsafeBitCast(x, to: SIMD4<Int32>.self) &>> 1)
  var y = unsafeBitCast(guess, to: SIMD4<Float>.self)
  y = y * (1.5 - half * y * y)
  y = y * (1.5 - half * y * y)
  return y * (1.5 - half * y * y)
}
