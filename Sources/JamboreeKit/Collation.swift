/// The order of names, as a person expects it and alike on every backend: case makes no difference, and accents only where
/// names are equal but for them. Backends compare the keys bytewise, and need no collation of their own.
///
/// Covers the Latin letters of Unicode's blocks Latin-1 Supplement and Latin Extended-A (U+00C0 to U+017F); `ß` counts as `ss`,
/// `æ` as `ae`, `ø` as `o`, `þ` as `th`, as the Default Unicode Collation Element Table (Unicode Technical Standard 10) has them
/// or, for `ø` and `đ`, as people outside their countries look for them. Other letters keep their own place, behind these.
public enum Collation {
  /// What a name is looked up by: base letters in lower case. A prefix of a name has the prefix of its letters.
  public static func letters(of name: some StringProtocol) -> [UInt8] {
    var letters: [UInt8] = []
    for scalar in name.unicodeScalars { appendLetters(of: scalar, to: &letters) }
    return letters
  }

  /// The key that a directory is sorted by: family name, given name; behind them, what tells names apart that have the same
  /// letters.
  public static func key(family: String, given: String) -> [UInt8] {
    var key = letters(of: family)
    key.append(0x20)
    for scalar in given.unicodeScalars { appendLetters(of: scalar, to: &key) }
    let end = key.count
    var place: UInt8 = 2
    for scalar in (family + " " + given).unicodeScalars {
      // The zero byte ends a prefix, and 1 ends the letters.
      if scalar.value >= 0xC0 {
        if key.count == end { key.append(1) }
        // A name with its first accent farther on comes first.
        key.append(0xFF - place)
        let accent = lowercased(scalar).value
        key.append(UInt8(2 + accent % 251))
      }
      place = place < 0xFE ? place + 1 : place
    }
    return key
  }

  private static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar.value < 0x80 { return scalar.value >= 0x41 && scalar.value <= 0x5A ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar }
    return scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
  }

  private static func appendLetters(of scalar: Unicode.Scalar, to letters: inout [UInt8]) {
    let lower = lowercased(scalar)
    switch lower.value {
    case 0: break
    case ..<0x80: letters.append(UInt8(lower.value))
    case 0xDF: letters += [0x73, 0x73]
    case 0xE6: letters += [0x61, 0x65]
    case 0x153: letters += [0x6F, 0x65]
    case 0x133: letters += [0x69, 0x6A]
    case 0xFE: letters += [0x74, 0x68]
    case 0x300...0x36F: break  // An accent by itself, behind its letter.
    case 0xE0...0xFF: letters.append(latin1[Int(lower.value) - 0xE0])
    case 0x100...0x17F: letters.append(extended[Int(lower.value) - 0x100])
    default: letters += Array(String(Character(lower)).utf8)
    }
  }

  /// Base letters from U+00E0 and from U+0100 on; a space where it has more than one, or is no letter.
  private static let latin1 = Array("aaaaaa ceeeeiiiidnooooo ouuuuy y".utf8)
  private static let extended = Array(
    ("aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii  jjkkklllllllllln"
      + "nnnnnnnnoooooo  rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs").utf8)
}
