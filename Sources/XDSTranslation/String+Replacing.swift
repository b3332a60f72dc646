extension String {
  /// With a text for each occurrence of an ASCII character; mostly there is none.
  func replacingCharacter(_ character: Unicode.Scalar, with text: String) -> String {
    let wanted = UInt8(ascii: character)
    guard utf8.contains(wanted) else { return self }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(utf8.count + text.utf8.count)
    for byte in utf8 { if byte == wanted { bytes += text.utf8 } else { bytes.append(byte) } }
    return String(decoding: bytes, as: UTF8.self)
  }
}
