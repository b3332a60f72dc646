import KubernetesAPI
import KubernetesObjects

extension ObjectSelection {
  /// Whether an object is among the selected.
  func matches(_ object: JSONValue) -> Bool {
    let metadata = object["metadata"]
    if let namespace, metadata?["namespace"]?.string != namespace { return false }
    if let labels, !Self.terms(labels).allSatisfy({ Self.matches($0) { metadata?["labels"]?[$0]?.string } }) {
      return false
    }
    guard let fields else { return true }
    return Self.terms(fields).allSatisfy { term in
      Self.matches(term) { path in
        path.split(separator: ".").reduce(object as JSONValue?) { $0?[String($1)] }?.string ?? ""
      }
    }
  }

  /// Parts between commas that are not within brackets.
  private static func terms(_ text: String) -> [String] {
    var terms = [""]
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 { terms.append("") } else { terms[terms.count - 1].append(character) }
    }
    return terms.filter { !$0.isEmpty }
  }

  private static func matches(_ term: String, _ lookup: (String) -> String?) -> Bool {
    for word in [" notin ", " in "] {
      guard let range = term.firstRange(of: word) else { continue }
      let key = term[..<range.lowerBound].filter { $0 != " " }
      let set = term[range.upperBound...].filter { !"() ".contains($0) }.split(separator: ",").map { String($0) }
      let isIn = lookup(key).map { set.contains($0) } ?? false
      return word == " in " ? isIn : !isIn
    }
    for sign in ["!=", "==", "="] {
      guard let range = term.firstRange(of: sign) else { continue }
      let isSame = lookup(String(term[..<range.lowerBound])) == String(term[range.upperBound...])
      return sign == "!=" ? !isSame : isSame
    }
    return term.hasPrefix("!") ? lookup(String(term.dropFirst())) == nil : lookup(term) != nil
  }
}
