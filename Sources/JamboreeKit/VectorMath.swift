/// Powers and logarithms of four numbers at once, by additions and multiplications alone: they stay in vector registers, where
/// the library's are called lane by lane, and give the same bits on every machine, where the library's may differ by the
/// instructions that it finds.
package enum VectorMath {
  /// `a` in the lanes where the comparison holds, `b` in the others.
  @inlinable @inline(__always) package static func select(
    _ condition: SIMDMask<SIMD4<Int32>>, _ a: SIMD4<Float>, _ b: SIMD4<Float>
  ) -> SIMD4<Float> {
    let mask = unsafeBitCast(condition, to: SIMD4<UInt32>.self)
    return unsafeBitCast(
      unsafeBitCast(a, to: SIMD4<UInt32>.self) & mask | unsafeBitCast(b, to: SIMD4<UInt32>.self) & ~mask, to: SIMD4<Float>.self)
  }

  /// 2^x for x of at most 0, to within 3e-7 of the value; exact for whole numbers. Below -120 it stays at 2^-120, which keeps
  /// products of it away from numbers so small that machines slow down at them.
  @inlinable @inline(__always) package static func exp2(ofAtMostZero x: SIMD4<Float>) -> SIMD4<Float> {
    let lowest = SIMD4<Float>(repeating: -120)
    let bounded = select(x .> lowest, x, lowest)
    // Adding 1.5 * 2^23 rounds to a whole number, which then stands in the low bits.
    let shifter = SIMD4<Float>(repeating: 0x1.8p23)
    let shifted = bounded + shifter
    let f = bounded - (shifted - shifter)
    // The exponential series for f * ln 2, where |f| <= 1/2.
    var series = f * Float(0.000154035304) + Float(0.00133335581)
    series = series * f + Float(0.00961812911)
    series = series * f + Float(0.0555041087)
    series = series * f + Float(0.240226507)
    series = series * f + Float(0.693147181)
    series = series * f + Float(1)
    // Puts the whole part into the exponent: the shifter's own low bits are zero.
    let whole = unsafeBitCast(shifted, to: SIMD4<UInt32>.self) &<< 23
    return unsafeBitCast(unsafeBitCast(series, to: SIMD4<UInt32>.self) &+ whole, to: SIMD4<Float>.self)
  }

  /// The base-2 logarithm of finite numbers of at least 1, to within 1e-5; exact for powers of two.
  @inlinable @inline(__always) package static func log2(ofAtLeastOne x: SIMD4<Float>) -> SIMD4<Float> {
    let bits = unsafeBitCast(x, to: SIMD4<Int32>.self)
    let exponent = SIMD4<Float>((bits &>> 23) &- 127)
    let t = unsafeBitCast(bits & 0x007F_FFFF | 0x3F80_0000, to: SIMD4<Float>.self) - 1
    // log2(1 + t) / t on 0 ... 1, interpolated at Chebyshev's points.
    var series = t * Float(-0.0338220460) + Float(0.144471096)
    series = series * t + Float(-0.301638010)
    series = series * t + Float(0.468658879)
    series = series * t + Float(-0.720358773)
    series = series * t + Float(1.44268147)
    return series * t + exponent
  }
}
