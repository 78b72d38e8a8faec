import Foundation
import JamboreeKit
import Testing

@Suite struct VectorMathTests {
  @Test func powersOfTwoAreRight() {
    for step in 0..<20_000 {
      let x = -Float(step) * 0.0061
      let found = VectorMath.exp2(ofAtMostZero: SIMD4<Float>(x, -0.25, x, 0))
      let expected = exp2(Double(max(x, -120)))
      #expect(abs(Double(found[0]) - expected) <= 3e-7 * expected, "\(x)")
      #expect(found[2] == found[0] && found[3] == 1)
    }
    for whole in 0...120 { #expect(VectorMath.exp2(ofAtMostZero: SIMD4(repeating: -Float(whole)))[1] == Float(exp2(-Double(whole)))) }
    for far in [-121, -1e6, -.greatestFiniteMagnitude, -.infinity] as [Float] {
      #expect(VectorMath.exp2(ofAtMostZero: SIMD4(repeating: far))[0] == 0x1p-120, "\(far)")
    }
  }

  @Test func logarithmsAreRight() {
    var x: Float = 1
    var last: Float = -1
    while x < 1e30 {
      let found = VectorMath.log2(ofAtLeastOne: SIMD4<Float>(1, x, 2, x))
      #expect(abs(Double(found[1]) - log2(Double(x))) <= 4e-4, "\(x)")
      #expect(found[0] == 0 && found[2] == 1 && found[3] == found[1])
      #expect(found[1] >= last)
      last = found[1]
      x *= 1.00371
    }
    for whole in 0...100 { #expect(VectorMath.log2(ofAtLeastOne: SIMD4(repeating: Float(exp2(Double(whole)))))[0] == Float(whole)) }
  }

  @Test func lanesAreChosenApart() {
    let a = SIMD4<Float>(1, 2, 3, 4), b = SIMD4<Float>(-1, -2, -3, -4)
    #expect(VectorMath.select(SIMD4<Int32>(0, 0, -1, -1), a, b) == SIMD4<Float>(-1, -2, 3, 4))
    #expect(VectorMath.positivePart(SIMD4<Float>(-2, 3, -0.0, .infinity)) == SIMD4<Float>(0, 3, 0, .infinity))
    #expect(VectorMath.isNotZero(SIMD4<Int32>(0, 1, .min, .max)) == SIMD4<Int32>(0, -1, -1, -1))
  }
}
