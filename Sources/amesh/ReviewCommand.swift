import ArgumentParser
import AsyncHTTPClient
import Foundation
import KubernetesObjects
import KubernetesYAML
import ManifestInjection
import NIOCore
import NIOHTTP1
import NIOSSL

struct ReviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review",
    abstract: "Ask a running webhook what it does with a Pod, as the API server would.",
    discussion: """
      Makes an AdmissionReview of each Pod in the manifests, sends it over HTTPS and prints the verdict with its reason, \
      the warnings that a user of kubectl would see, and the difference that the patch makes.

      Example:
        amesh review -f deployment.yaml --url https://127.0.0.1:9443/inject --ca-file state/serving/ca.crt -n demo

      Exit codes: 0 every Pod is allowed, 1 a Pod is denied or the webhook gives no valid answer, 64 wrong flags, \
      65 a manifest can't be parsed, 66 a file can't be read, 69 the webhook can't be reached.
      """
  )

  @OptionGroup var files: ManifestFiles

  @Option(help: "The webhook. Its path says which selector has matched: /inject/namespace, /inject/pod, /inject/rev.")
  var url = "https://127.0.0.1:9443/inject/namespace"

  @Option(help: ArgumentHelp("The CA that has signed the webhook's certificate, PEM.", valueName: "file"))
  var caFile: String

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("Namespace of objects that name none.", valueName: "name")
  )
  var namespace = "default"

  @Flag(help: "Print the AdmissionReview that comes back instead of what it means.")
  var raw = false

  func validate() throws { try files.require() }

  func run() async throws {
    try await reportingFailure {
      let authorities = try authorities()
      let pods = ReviewedPod.all(in: try files.read(), namespace: namespace)
      guard !pods.isEmpty else { throw Failure(.dataError, "the manifests hold no Pod and no Pod template") }
      var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(5), read: .seconds(30)))
      configuration.tlsConfiguration = .makeClientConfiguration()
      configuration.tlsConfiguration?.trustRoots = .certificates(authorities)
      let client = HTTPClient(configuration: configuration)
      let denied: Bool
      do {
        denied = try await review(pods, client)
      } catch {
        try await client.shutdown()
        throw error
      }
      try await client.shutdown()
      if denied { throw ExitCode(1) }
    }
  }

  private func authorities() throws(Failure) -> [NIOSSLCertificate] {
    let certificates: [NIOSSLCertificate]
    do {
      certificates = try NIOSSLCertificate.fromPEMBytes(try WholeFile.read(caFile, limit: 1 << 20))
    } catch {
      let problem = (error as? WholeFile.Problem).map { "\($0)" } ?? "holds no certificate in PEM form"
      throw Failure(.noInput, "--ca-file \(caFile): \(problem); name the CA of the webhook's certificate")
    }
    guard !certificates.isEmpty else {
      throw Failure(.noInput, "--ca-file \(caFile): holds no certificate in PEM form")
    }
    return certificates
  }

  /// - Returns: whether a Pod was denied.
  private func review(_ pods: [ReviewedPod], _ client: HTTPClient) async throws -> Bool {
    var denied = false
    for pod in pods {
      let answer = try await send(pod, client)
      if raw {
        Console.print(String(decoding: answer.serialized(indent: 2), as: UTF8.self))
      } else {
        Console.print(pod.describe(answer))
      }
      if answer["response"]?["allowed"]?.bool != true { denied = true }
    }
    return denied
  }

  private func send(_ pod: ReviewedPod, _ client: HTTPClient) async throws -> JSONValue {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: pod.review(uid: UUID().uuidString.lowercased()).serialized()))
    let status: Int
    let body: [UInt8]
    do {
      let response = try await client.execute(request, timeout: .seconds(30))
      status = Int(response.status.code)
      body = Array(buffer: try await response.body.collect(upTo: 16 << 20))
    } catch {
      throw Failure(.unavailable, "\(url): \(error); is `amesh serve` running, and --ca-file its CA?")
    }
    let text = String(decoding: body.prefix(2000), as: UTF8.self)
    guard status == 200 else { throw Failure(.failed, "\(url): answered \(status): \(text)") }
    guard let answer = try? JSONValue(parsing: body) else {
      throw Failure(.failed, "\(url): the answer is not JSON: \(text)")
    }
    return answer
  }
}
