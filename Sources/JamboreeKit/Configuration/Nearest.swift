/// The known word that is fewest edits away, if it is close enough to be what was meant.
public func nearest(_ word: String, among known: [String]) -> String? {
  let letters = Array(word.lowercased().utf8.prefix(64))
  var best: (word: String, distance: Int)?
  for candidate in known {
    let distance = editDistance(letters, Array(candidate.lowercased().utf8.prefix(64)))
    if distance <= max(2, candidate.utf8.count / 3), distance < min(candidate.utf8.count, best?.distance ?? .max) {
      best = (candidate, distance)
    }
  }
  return best?.word
}

/// Levenshtein's distance between two short words.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in b.enumerated() {
      let substituted = diagonal + (left == right ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
