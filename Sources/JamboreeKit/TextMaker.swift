/// The random bits of a text's words: three words of 20 bits from each 64.
@usableFromInline struct WordBits {
  @usableFromInline var state: UInt64

  @inlinable init(seed: UInt64) { state = seed }

  /// Shows the bits of three more words, the first 20 of each are its own; of fewer when `body` returns false.
  @inlinable @inline(__always) mutating func forNextThree(_ body: (UInt64) -> Bool) {
    state &+= 0x9E37_79B9_7F4A_7C15
    let bits = mix64(state)
    guard body(bits), body(bits >> 20) else { return }
    _ = body(bits >> 40)
  }
}

/// Spells out the words of a text, one after the other.
///
/// Every text that is made is spelled out, so this goes by the word and not by the letter, and without a branch that would be
/// guessed wrong half of the time: a word's letters are one number, of which eight bytes are stored, and those behind the word and
/// its space are written over by the next one.
struct TextMaker {
  /// So many bytes at the end of a buffer are left to ``finish(_:from:)``: three words and their spaces.
  static let margin = 24

  private var bits: WordBits

  init(seed: UInt64) { bits = WordBits(seed: seed) }

  /// Writes words, a space behind each, until fewer than ``margin`` of `length` bytes are left; eight more may be written over.
  /// - Parameter start: 0, or the end of the words that are there.
  /// - Returns: the end of the last word's space.
  mutating func write(into text: UnsafeMutableRawBufferPointer, from start: Int, length: Int) -> Int {
    guard start + Self.margin <= length else { return start }
    return Spelling.withTables { (spelling) -> Int in
      var position = start
      while position + Self.margin <= length {
        bits.forNextThree { bits in
          let word = spelling.word(bits)
          text.storeBytes(of: word.littleEndian, toByteOffset: position, as: UInt64.self)
          position &+= Spelling.length(word)
          return true
        }
      }
      return position
    }
  }

  /// Writes the last words of a text, as many as fit, and full stops behind them.
  /// - Parameter start: what ``write(into:from:length:)`` returned.
  mutating func finish(_ text: UnsafeMutableRawBufferPointer, from start: Int) {
    let end = Spelling.withTables { (spelling) -> Int in
      var position = start
      var fits = true
      while fits {
        bits.forNextThree { bits in
          var word = spelling.word(bits)
          let end = position + Spelling.length(word)
          // Its space need not fit.
          fits = end - 1 <= text.count
          guard fits else { return false }
          for place in position..<min(end, text.count) {
            text[place] = UInt8(truncatingIfNeeded: word)
            word >>= 8
          }
          position = end
          return true
        }
      }
      return position
    }
    for place in max(end - 1, 0)..<text.count { text[place] = UInt8(ascii: ".") }
  }
}

/// Words as numbers: letters and a space behind them, the first in the low byte, and in the top byte how many bytes that is.
///
/// Every word is one of two syllables with a few bits changed, and which ones depends on its length and third syllable alone: a
/// word of one is that with the last possible syllable behind it, less this. With 4,096 - 64 added to a number, its low twelve bits
/// are the word of two and the others the change.
private struct Spelling {
  /// The four letters of each word of two syllables.
  private let stems: UnsafePointer<UInt32>
  /// What is changed, by the bits above twelve.
  private let changes: UnsafePointer<UInt64>
  /// By octave: ones for the bits of a word's place in it.
  private let masks: UnsafePointer<UInt64>

  private static let stemCount = 4_096
  private static let stems: [UInt32] = (0..<stemCount).map { UInt32(truncatingIfNeeded: spell(64 + $0)) }
  /// The first change with the letters that are to go; those after it with the letters that come.
  private static let changesAndMasks: [UInt64] =
    [spell(0) ^ (spell(64 + 63 * 64) & 0xFFFF_FFFF)] + (1...16).map { change in
      // Of all words with the same change the first is as good as any.
      let number = (change << 12) - stemCount + 64
      return spell(number) ^ (spell(64) & 0xFFFF_FFFF)
    } + (0..<16).map { octave in (1 << octave) - 1 }
  private static let changeCount = 17

  private static func spell(_ number: Int) -> UInt64 {
    var (word, length) = (0 as UInt64, 0 as UInt64)
    Vocabulary.forEachLetter(number) { letter in
      word |= UInt64(letter) << (8 * length)
      length += 1
    }
    return word | 0x20 << (8 * length) | (length + 1) << 56
  }

  @inline(__always) static func withTables<Result>(_ body: (Spelling) -> Result) -> Result {
    stems.withUnsafeBufferPointer { stems in
      changesAndMasks.withUnsafeBufferPointer { changes in
        // There are as many entries as the parts have.
        let start = changes.baseAddress.unsafelyUnwrapped
        return body(Spelling(stems: stems.baseAddress.unsafelyUnwrapped, changes: start, masks: start + changeCount))
      }
    }
  }

  /// The word of ``Vocabulary/zipfRank(bits:)``, with the shift looked up.
  @inline(__always) func word(_ bits: UInt64) -> UInt64 {
    let mask = masks[Int(truncatingIfNeeded: bits & 15)]
    let place = Int(truncatingIfNeeded: (bits >> 4 & mask) &+ mask) &+ (Self.stemCount &- 64)
    return UInt64(stems[place & (Self.stemCount &- 1)]) ^ changes[place >> 12]
  }

  @inline(__always) static func length(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 56) }
}

/// The checksum of a text that comes in pieces.
struct TextChecksum {
  private var hash: UInt64

  /// - Parameter length: of the whole text, in bytes.
  init(length: Int) { hash = 0x9E37_79B9_7F4A_7C15 ^ UInt64(length) }

  /// Adds the next bytes; all pieces but the last have a multiple of eight.
  @inline(__always) mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      hash = foldedMultiply(hash ^ word, 0xA076_1D64_78BD_642F)
      index += 8
    }
    while index < bytes.count {
      hash = foldedMultiply(hash ^ UInt64(bytes[index]), 0xE703_7ED1_A0B4_28DB)
      index += 1
    }
  }

  var value: UInt32 { UInt32(truncatingIfNeeded: mix64(hash)) }
}
