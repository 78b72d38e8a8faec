/// Powers and logarithms of four numbers at once, by additions and multiplications alone: they stay in vector registers, where
/// the library's are called lane by lane, and give the same bits on every machine, where the library's may differ by the
/// instructions that it finds. For rankers, which are to show the same pages everywhere.
public enum VectorMath {
  // Comparisons give masks that the compiler takes apart lane by lane; whole numbers and their signs stay together.

  /// `x` where it is above 0, else 0.
  @inlinable @inline(__always) public static func positivePart(_ x: SIMD4<Float>) -> SIMD4<Float> {
    let bits = unsafeBitCast(x, to: SIMD4<Int32>.self)
    return unsafeBitCast(bits & ~(bits &>> 31), to: SIMD4<Float>.self)
  }

  /// `a` where the mask has all bits, `b` where it has none.
  @inlinable @inline(__always) public static func select(
    _ mask: SIMD4<Int32>, _ a: SIMD4<Float>, _ b: SIMD4<Float>
  ) -> SIMD4<Float> {
    let (a, b) = (unsafeBitCast(a, to: SIMD4<Int32>.self), unsafeBitCast(b, to: SIMD4<Int32>.self))
    return unsafeBitCast(b ^ (a ^ b) & mask, to: SIMD4<Float>.self)
  }

  /// All bits where a number is not 0, none where it is.
  @inlinable @inline(__always) public static func isNotZero(_ x: SIMD4<Int32>) -> SIMD4<Int32> {
    // A number or its opposite is negative unless it is 0.
    (x | (0 &- x)) &>> 31
  }

  /// 2^x for x of at most 0, to within 3e-7 of the value; exact for whole numbers. Below -120 it stays at 2^-120, which keeps
  /// products of it away from numbers so small that machines slow down at them.
  @inlinable @inline(__always) public static func exp2(ofAtMostZero x: SIMD4<Float>) -> SIMD4<Float> {
    let size = unsafeBitCast(x, to: SIMD4<Int32>.self) & 0x7FFF_FFFF
    let room = SIMD4<Int32>(repeating: 0x42F0_0000) &- size
    // The lesser of the size and 120: bits of numbers that are not negative order as the numbers do.
    let bounded = -unsafeBitCast(SIMD4<Int32>(repeating: 0x42F0_0000) &- (room & ~(room &>> 31)), to: SIMD4<Float>.self)
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

  /// The base-2 logarithm of finite numbers of at least 1, to within 4e-4; exact for powers of two, and never falling.
  /// As near as a feature of a model needs it, and half as dear as all digits would be.
  @inlinable @inline(__always) public static func log2(ofAtLeastOne x: SIMD4<Float>) -> SIMD4<Float> {
    let bits = unsafeBitCast(x, to: SIMD4<Int32>.self)
    let exponent = SIMD4<Float>((bits &>> 23) &- 127)
    let t = unsafeBitCast(bits & 0x007F_FFFF | 0x3F80_0000, to: SIMD4<Float>.self) - 1
    // log2(1 + t) / t on 0 ... 1, interpolated at Chebyshev's points.
    var series = t * Float(-0.105659241) + Float(0.364018767)
    series = series * t + Float(-0.700778105)
    series = series * t + Float(1.44206800)
    return series * t + exponent
  }
}
