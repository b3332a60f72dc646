import EnvoyAPI
import EnvoyServices
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import XDSProtocol

/// One ADS call, of either variant.
struct Call: Sendable {
  let client: Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Client<HTTP2ClientTransport.Posix>
  let metadata: Metadata
  let options: CallOptions
  let opened: @Sendable () async -> Void

  func run(
    _ variant: XDSVariant,
    requests: AsyncStream<XDSClientRequest>,
    received: @escaping @Sendable (XDSResponse) async -> Void
  ) async throws {
    switch variant {
    case .delta:
      try await client.deltaAggregatedResources(
        metadata: metadata,
        options: options,
        requestProducer: { writer in
          await opened()
          for await case .delta(let request) in requests { try await writer.write(request) }
        },
        onResponse: { response in
          for try await message in response.messages { await received(.delta(message)) }
        }
      )
    case .stateOfTheWorld:
      try await client.streamAggregatedResources(
        metadata: metadata,
        options: options,
        requestProducer: { writer in
          await opened()
          for await case .stateOfTheWorld(let request) in requests { try await writer.write(request) }
        },
        onResponse: { response in
          for try await message in response.messages { await received(.stateOfTheWorld(message)) }
        }
      )
    }
  }
}
