/// The words of the platform's texts, by number from 0, commonest first: syllables of consonant and vowel, short words for
/// common numbers (Zipf's law of abbreviation).
public enum Vocabulary {
  /// How many words there are.
  public static let count = 65_535

  static let consonants: [UInt8] = Array("bcdfghklmnprstvz".utf8)
  static let vowels: [UInt8] = Array("aeio".utf8)
  /// A word's number by Zipf's law with exponent 1 (Zipf 1949), from 20 random bits: the octave is uniform, and so is the
  /// place in it, which is the law in steps of an octave. Whole numbers only, so it is the same on every machine.
  @inlinable @inline(__always) public static func zipfRank(bits: UInt64) -> Int {
    let octave = bits & 15
    let place = bits >> 4 & ((1 << octave) &- 1)
    return Int((1 << octave) &+ place &- 1)
  }

  /// How many syllables of two letters a word has: 64 words have one, 4,096 two, the others three.
  @inlinable @inline(__always) static func syllables(_ number: Int) -> Int {
    1 &+ (number >= 64 ? 1 : 0) &+ (number >= 4160 ? 1 : 0)
  }

  /// A word's spelling; `number` in `0 ..< count`. No two words are spelled alike.
  public static func word(_ number: Int) -> String {
    var letters: [UInt8] = []
    forEachLetter(number) { letters.append($0) }
    return String(decoding: letters, as: UTF8.self)
  }

  static func forEachLetter(_ number: Int, _ body: (UInt8) -> Void) {
    let syllables = syllables(number)
    var code = syllables == 1 ? number : syllables == 2 ? number - 64 : number - 4160
    for _ in 0..<syllables {
      body(consonants[code & 15])
      body(vowels[code >> 4 & 3])
      code >>= 6
    }
  }
}

/// Text, derived from a seed: word-like, compressible as real text is, the same wherever it is made.
///
/// Words of ``Vocabulary`` by Zipf's law, separated by single spaces; a text's last bytes, where no further word fits,
/// are full stops. A backend that stores text calls ``write(seed:into:)`` when it writes and ``fingerprint(of:length:)``
/// over the bytes it reads back; one that does not store text keeps the ``fingerprint(seed:length:)``. Both give the same
/// digest.
public enum Payload {
  /// Bytes of text at most: longer payloads (files) are known by these, and a backend that stores them does the same.
  public static let textLimit = 65_536

  /// A search looks at the words that end within so many first bytes of a text: its heading and opening, as an index of pages
  /// has them.
  public static let searchedBytes = 512

  /// How much of a text a search looks at: up to the end of the last word that counts.
  public static func searchedLength(of text: some RandomAccessCollection<UInt8>) -> Int {
    guard text.count > searchedBytes else { return text.count }
    func isLetter(_ place: Int) -> Bool {
      let byte = text[text.index(text.startIndex, offsetBy: place)]
      return byte != UInt8(ascii: " ") && byte != UInt8(ascii: ".")
    }
    var end = searchedBytes
    // A word that goes on behind it does not count.
    if isLetter(end) { while end > 0, isLetter(end - 1) { end -= 1 } }
    return end
  }

  /// Fills `bytes` with the text of a seed.
  public static func write(seed: UInt64, into bytes: inout MutableSpan<UInt8>) {
    bytes.withUnsafeMutableBytes { text in
      var maker = TextMaker(seed: seed)
      let end = maker.write(into: text, from: 0, length: text.count)
      maker.finish(text, from: end)
    }
  }

  /// The numbers of the words of a text in their order, for backends that keep an index of words themselves.
  @inlinable @inline(__always) public static func forEachWord(seed: UInt64, length: Int, _ body: (Int) -> Void) {
    let length = min(length, textLimit)
    var words = WordBits(seed: seed)
    var position = 0
    var fits = true
    while fits {
      words.forNextThree { bits in
        let number = Vocabulary.zipfRank(bits: bits)
        let end = position + (position > 0 ? 1 : 0) + 2 * Vocabulary.syllables(number)
        fits = end <= length
        guard fits else { return false }
        body(number)
        position = end
        return true
      }
    }
  }

  /// The text itself, for backends whose client takes arrays: at most ``textLimit`` bytes.
  public static func bytes(seed: UInt64, length: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: min(length, textLimit))
    var span = result.mutableSpan
    write(seed: seed, into: &span)
    return result
  }

  /// A 32-bit checksum of text as it was read back: any lost, added, changed or swapped byte shows.
  public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    var checksum = TextChecksum(length: bytes.count)
    bytes.withUnsafeBytes { checksum.add($0) }
    return checksum.value
  }

  /// Length (high 32 bits) and checksum (low 32) of the text of a seed: what every read of an item reports.
  public static func fingerprint(seed: UInt64, length: UInt32) -> UInt64 {
    // The text is made and summed a piece at a time: the whole of it would take the place of other things in the cache.
    let piece = 256
    var left = min(Int(length), textLimit)
    var checksum = TextChecksum(length: left)
    var maker = TextMaker(seed: seed)
    withUnsafeTemporaryAllocation(byteCount: piece + TextMaker.margin + 8, alignment: 8) { buffer in
      var end = 0
      while true {
        end = maker.write(into: buffer, from: end, length: min(left, piece + TextMaker.margin))
        guard end > piece else { break }
        checksum.add(UnsafeRawBufferPointer(rebasing: buffer[0..<piece]))
        // What has been made of the next piece.
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[piece..<(piece + TextMaker.margin)]))
        left -= piece
        end -= piece
      }
      maker.finish(UnsafeMutableRawBufferPointer(rebasing: buffer[0..<left]), from: end)
      checksum.add(UnsafeRawBufferPointer(rebasing: buffer[0..<left]))
    }
    return UInt64(length) << 32 | UInt64(checksum.value)
  }

  /// The same of a text as it was read back; `length` is the payload's, which may be longer than its text.
  public static func fingerprint(of text: Span<UInt8>, length: UInt32) -> UInt64 {
    UInt64(length) << 32 | UInt64(checksum(of: text))
  }
}
