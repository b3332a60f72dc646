package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One request to the application or to APISIX, in the same Pod.
package struct LocalHTTP: Sendable {
  package struct Response: Sendable, Hashable {
    package var status: Int
    package var body: [UInt8]
    /// There was more than is wanted.
    package var isCut: Bool
  }

  package struct Request: Sendable {
    package var host: String
    package var port: Int
    package var path: String
    package var headers: [(name: String, value: String)] = []
    /// Any certificate will do, as for the kubelet.
    package var isSecure = false
    package var timeout: Duration
    package var maximumBytes: Int

    package init(host: String, port: Int, path: String, timeout: Duration, maximumBytes: Int) {
      self.host = host
      self.port = port
      self.path = path
      self.timeout = timeout
      self.maximumBytes = maximumBytes
    }
  }

  let group: any EventLoopGroup

  package init(group: any EventLoopGroup) { self.group = group }

  package func get(_ request: Request) async throws -> Response {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    let context = request.isSecure ? try NIOSSLContext(configuration: configuration) : nil
    let loop = group.next()
    let promise = loop.makePromise(of: Response.self)
    ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(request.timeout))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let context { try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil)) }
          try pipeline.addHTTPClientHandlers()
          try pipeline.addHandler(ResponseCollector(head(request), limit: request.maximumBytes, promise: promise))
        }
      }
      .connect(host: request.host, port: request.port)
      .whenComplete { result in
        switch result {
        case .failure(let error): promise.fail(error)
        // The connection's end is nobody's to wait for.
        case .success(let channel): promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
      }
    let timer = loop.scheduleTask(in: TimeAmount(request.timeout)) {
      promise.fail(ProbeFailure("no answer within \(request.timeout)"))
    }
    defer { timer.cancel() }
    return try await promise.futureResult.get()
  }

  /// Only connects.
  package func connect(host: String, port: Int, timeout: Duration) async throws {
    let channel = try await ClientBootstrap(group: group).connectTimeout(TimeAmount(timeout))
      .connect(host: host, port: port).get()
    try await channel.close()
  }

  private func head(_ request: Request) -> HTTPRequestHead {
    var headers = HTTPHeaders()
    let host = request.host.contains(":") ? "[\(request.host)]" : request.host
    headers.add(name: "host", value: "\(host):\(request.port)")
    headers.add(name: "user-agent", value: "kube-probe/amesh")
    headers.add(name: "accept", value: "*/*")
    headers.add(name: "connection", value: "close")
    for header in request.headers { headers.replaceOrAdd(name: header.name, value: header.value) }
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: request.path, headers: headers)
  }
}

package struct ProbeFailure: Error, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}
