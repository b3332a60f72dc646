import Foundation

/// A request as a sidecar sees it.
struct TestRequest: Sendable, CustomStringConvertible {
  var isInbound = false
  /// Where the connection was going, before it was redirected.
  var address = "10.96.0.1"
  var port = 80
  var method = "GET"
  var authority = "shop.example"
  /// With the query.
  var target = "/"
  var headers: [String: String] = [:]

  var path: String { String(target.prefix { $0 != "?" }) }

  var query: [String: String] {
    guard let mark = target.firstIndex(of: "?") else { return [:] }
    var parameters: [String: String] = [:]
    for pair in target[target.index(after: mark)...].split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      parameters[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
    return parameters
  }

  var description: String {
    "\(isInbound ? "inbound" : "outbound") \(address):\(port) \(method) \(authority)\(target) \(headers)"
  }
}

/// Where a request ends up.
enum Destination: Hashable, Sendable, CustomStringConvertible {
  case cluster(String)
  /// One of these, by weight.
  case split(Set<String>)
  case status(Int)
  /// Nobody takes it.
  case nothing

  var description: String {
    switch self {
    case .cluster(let name): "to \(name)"
    case .split(let names): "to one of \(names.sorted().joined(separator: ", "))"
    case .status(let code): "answered \(code)"
    case .nothing: "not taken"
    }
  }

  static func among(_ clusters: Set<String>) -> Destination {
    clusters.count == 1 ? clusters.first.map { .cluster($0) } ?? .nothing : .split(clusters)
  }
}
