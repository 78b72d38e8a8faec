/// What may be shown and kept of a plug-in's name, or of an address: `postgres://user:secret@host` is `postgres://user@host`.
///
/// Without the password in every form that libpq takes, `password=` in the query and in keyword strings included, and where the
/// address is none, without whatever may be a part of one: rather too much is left out than too little.
/// - Parameter reference: `id:location?options`, or an address that begins with `//`.
public func withoutPassword(_ reference: String) -> String {
  // Bytes, as libpq has them: an '@' with an accent on it is an '@'.
  let bytes = Array(reference.utf8)
  var begin = bytes.starts(with: "//".utf8) ? 0 : bytes.firstIndex(of: colon).map { $0 + 1 } ?? bytes.count
  let isAddress = bytes[begin...].starts(with: "//".utf8)
  while begin < bytes.count, bytes[begin] == slash { begin += 1 }

  let secret = secretOption(bytes) ?? bytes.count
  var hidden = secret..<secret
  if let at = bytes.lastIndex(of: at) {
    // In the password, or behind it: which of them cannot be told where the option's value has one too.
    let end = at < secret ? at : secret
    if let first = bytes[min(begin, end)..<end].firstIndex(of: colon) { hidden = first..<end }
  } else if isAddress, let first = unlikelyPort(bytes[min(begin, secret)..<secret]) {
    hidden = first..<(bytes[first..<secret].firstIndex(of: question) ?? secret)
  }
  var shown = bytes[..<hidden.lowerBound] + bytes[hidden.upperBound..<secret]
  while secret < bytes.count, let last = shown.last, last == question || last == ampersand || isSpace(last) { shown.removeLast() }
  return String(decoding: shown, as: UTF8.self)
}

private let (colon, slash, at) = (UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"))
private let (question, ampersand, equals) = (UInt8(ascii: "?"), UInt8(ascii: "&"), UInt8(ascii: "="))

private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

/// Where the first option begins whose name is that of a secret, be it `?name=value` or `name = 'value'`.
private func secretOption(_ bytes: [UInt8]) -> Int? {
  for index in bytes.indices where bytes[index] == equals {
    var end = index
    while end > 0, isSpace(bytes[end - 1]) { end -= 1 }
    let start = bytes[..<end].lastIndex { [question, ampersand, colon, equals].contains($0) || isSpace($0) }.map { $0 + 1 } ?? 0
    let name = percentDecoded(bytes[start..<end]).lowercased()
    if ["password", "passwd", "pwd", "secret"].contains(where: { name.contains($0) }) { return start }
  }
  return nil
}

/// Where a host's port begins that is none, as in an address whose host was forgotten.
private func unlikelyPort(_ rest: ArraySlice<UInt8>) -> Int? {
  for host in rest.prefix(while: { $0 != slash && $0 != question }).split(separator: UInt8(ascii: ",")) {
    let name = host.first == UInt8(ascii: "[") ? host.drop { $0 != UInt8(ascii: "]") } : host
    if let first = name.firstIndex(of: colon), !name[first...].dropFirst().allSatisfy({ (48...57).contains($0) }) { return first }
  }
  return nil
}

/// As libpq reads it; what is no hexadecimal number behind a '%' stays.
public func percentDecoded(_ text: some Collection<UInt8>) -> String {
  var (decoded, rest) = ([UInt8](), Array(text)[...])
  while let byte = rest.popFirst() {
    let digits = String(decoding: rest.prefix(2), as: UTF8.self)
    if byte == UInt8(ascii: "%"), digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) {
      decoded.append(value)
      rest.removeFirst(2)
    } else {
      decoded.append(byte)
    }
  }
  return String(decoding: decoded, as: UTF8.self)
}
