import Glibc

/// Largest distance between a sample's distribution and the one whose cumulative function is given, times sqrt(n):
/// above 1.95 once in a thousand samples that do come from it (Kolmogorov).
func kolmogorovSmirnov(_ sample: [Double], _ cumulative: (Double) -> Double) -> Double {
  let sorted = sample.sorted()
  let count = Double(sorted.count)
  var distance = 0.0
  for (index, value) in sorted.enumerated() {
    let expected = cumulative(value)
    distance = max(distance, abs(expected - Double(index) / count), abs(Double(index + 1) / count - expected))
  }
  return distance * count.squareRoot()
}

/// Pearson's sum over cells of (observed - expected)^2 / expected. Cells that expect fewer than five are put together.
func chiSquare(_ observed: [Double], _ expected: [Double]) -> (value: Double, cells: Int) {
  var (sum, cells) = (0.0, 0)
  var rare = (observed: 0.0, expected: 0.0)
  for (seen, wanted) in zip(observed, expected) {
    if wanted < 5 {
      rare.observed += seen
      rare.expected += wanted
    } else {
      sum += (seen - wanted) * (seen - wanted) / wanted
      cells += 1
    }
  }
  if rare.expected > 0 {
    sum += (rare.observed - rare.expected) * (rare.observed - rare.expected) / rare.expected
    cells += 1
  }
  return (sum, cells)
}

/// What chi-square with so many degrees of freedom exceeds once in a thousand (Wilson and Hilferty, good to 1%).
func chiSquareLimit(_ freedom: Int, normalQuantile: Double = 3.0902) -> Double {
  let spread = 2 / (9 * Double(freedom))
  return Double(freedom) * pow(1 - spread + normalQuantile * spread.squareRoot(), 3)
}

/// What chi-square falls short of once in a thousand: a sample that fits better has been smoothed.
func chiSquareFloor(_ freedom: Int) -> Double { chiSquareLimit(freedom, normalQuantile: -3.0902) }

func normalCumulative(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

extension Collection where Element == Double {
  var total: Double { reduce(0, +) }
  var mean: Double { total / Double(count) }
}
