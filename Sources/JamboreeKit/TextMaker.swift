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
private struct Spelling {
  /// Of the words of one and two syllables. Not of all 65,535: those would not stay in the cache between two texts.
  private let short: UnsafePointer<UInt64>
  /// What a third syllable adds.
  private let thirds: UnsafePointer<UInt64>
  /// By octave: ones for the bits of a word's place in it.
  private let masks: UnsafePointer<UInt64>

  private static let shortCount = 64 + 64 * 64
  private static let tables: [UInt64] =
    (0..<shortCount).map(spell) + (0..<64).map { (spell($0) & 0xFFFF) << 32 | 0x20 << 48 | 7 << 56 }
    + (0..<16).map { octave in (1 << octave) - 1 }

  private static func spell(_ number: Int) -> UInt64 {
    var (word, length) = (0 as UInt64, 0 as UInt64)
    Vocabulary.forEachLetter(number) { letter in
      word |= UInt64(letter) << (8 * length)
      length += 1
    }
    return word | 0x20 << (8 * length) | (length + 1) << 56
  }

  @inline(__always) static func withTables<Result>(_ body: (Spelling) -> Result) -> Result {
    tables.withUnsafeBufferPointer { tables in
      // There are as many entries as the three parts have.
      let start = tables.baseAddress.unsafelyUnwrapped
      return body(Spelling(short: start, thirds: start + shortCount, masks: start + shortCount + 64))
    }
  }

  /// The word of ``Vocabulary/zipfRank(bits:)``, with the shifts looked up and every choice made by masks.
  @inline(__always) func word(_ bits: UInt64) -> UInt64 {
    let mask = masks[Int(bits & 15)]
    let number = Int((bits >> 4 & mask) &+ mask)
    // All ones for a word of three syllables, which is one of two and a third.
    let isLong = (Self.shortCount &- 1 &- number) >> 63
    let code = number &- Self.shortCount
    let stem = short[number ^ ((number ^ (64 &+ (code & 4095))) & isLong)]
    let long = stem & 0xFFFF_FFFF | thirds[code >> 12 & 63]
    return stem ^ ((stem ^ long) & UInt64(bitPattern: Int64(isLong)))
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
