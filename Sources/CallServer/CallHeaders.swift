import GRPCCore
import NIOHPACK

/// What an answer begins and ends with (gRPC over HTTP/2, "Responses").
extension HPACKHeaders {
  static func beginning(_ metadata: Metadata) -> HPACKHeaders {
    var headers: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
    headers.add(metadata)
    return headers
  }

  /// - Parameter error: nil where all is well.
  static func end(_ error: RPCError?) -> HPACKHeaders {
    var headers: HPACKHeaders = ["grpc-status": "\(error?.code.rawValue ?? 0)"]
    if let error {
      headers.add(name: "grpc-message", value: percentEncoded(error.message))
      headers.add(error.metadata)
    }
    return headers
  }

  /// Of an answer that is nothing but an error.
  static func only(_ error: RPCError) -> HPACKHeaders {
    var headers = beginning([:])
    headers.add(contentsOf: end(error))
    return headers
  }

  /// For those that speak no gRPC, in HTTP's words.
  static let unsupportedMediaType: HPACKHeaders = [":status": "415", "accept-post": "application/grpc"]

  private mutating func add(_ metadata: Metadata) {
    for (key, value) in metadata { add(name: key.lowercased(), value: value.encoded()) }
  }

  /// Printable ASCII as it is, all else and the percent sign by bytes of UTF-8.
  private static func percentEncoded(_ message: String) -> String {
    guard message.utf8.contains(where: { !isPlain($0) }) else { return message }
    var bytes: [UInt8] = []
    for byte in message.utf8 {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes += [0x25, hexadecimal(byte >> 4), hexadecimal(byte & 15)]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool { (0x20...0x7e).contains(byte) && byte != 0x25 }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x41 + digit - 10 }
}
