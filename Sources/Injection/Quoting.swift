/// A value from outside in a message: in quotes, cut to a length that leaves the message readable, without characters
/// that would break the line, hide or reorder the text. `limit` counts Unicode scalars.
func quoted(_ text: String, limit: Int = 40) -> String {
  var result = "\""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit {
      result.append("…")
      break
    }
    count += 1
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: continue
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
