/// Why text is no PEM that we read.
package enum PEMError: Error, Hashable, Sendable, CustomStringConvertible {
  case tooLong(limit: Int)
  case noBlock
  case tooManyBlocks(limit: Int)
  case textOutsideBlock
  case badEnd(label: String)
  case badBase64(label: String)

  package var description: String {
    switch self {
    case .tooLong(let limit): "the PEM text is longer than \(limit) bytes; give only what is asked for"
    case .noBlock: "there is no PEM block; it starts with a line -----BEGIN …-----"
    case .tooManyBlocks(let limit): "there are more than \(limit) PEM blocks; give only what is asked for"
    case .textOutsideBlock: "there is text outside a PEM block; give the blocks alone"
    case .badEnd(let label): "the PEM block \(label) has no line -----END \(label)-----"
    case .badBase64(let label): "the PEM block \(label) holds no well-formed base64"
    }
  }
}
