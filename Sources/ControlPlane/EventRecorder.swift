import CertificateAuthority
package import FoundationEssentials
package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Writes warnings as Events to where people look: at the object that they are about. Nobody waits for it, and what can't
/// be written is lost.
package final class EventRecorder: Service {
  private struct Memory {
    var waiting: [Notice] = []
    var ledger = EventLedger()
  }

  private static let maximumWaiting = 256

  private let client: any KubernetesClient
  private let reporter: String
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let tag: @Sendable () -> UInt64
  private let logger: Logger
  private let memory = NIOLockedValueBox(Memory())
  private let bell = Bell()

  /// - Parameters:
  ///   - reporter: this process.
  ///   - tag: tells Events of one object apart.
  package init(
    client: any KubernetesClient,
    reporter: String,
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    tag: @escaping @Sendable () -> UInt64 = { UInt64.random(in: 0...UInt64.max) },
    logger: Logger
  ) {
    self.client = client
    self.reporter = reporter
    self.time = time
    self.wallClock = wallClock
    self.tag = tag
    self.logger = logger
  }

  /// Notes it, and returns at once.
  package func post(_ notice: Notice) {
    memory.withLockedValue { memory in
      if memory.waiting.count < Self.maximumWaiting { memory.waiting.append(notice) }
    }
    bell.ring()
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await self.bell.wait(atMost: .seconds(3600), self.time)
        for notice in self.take() where !Task.isCancelled { await self.write(notice) }
      }
    }
  }

  private func take() -> [Notice] {
    memory.withLockedValue { memory in
      defer { memory.waiting = [] }
      return memory.waiting
    }
  }

  private func write(_ notice: Notice) async {
    let now = time.now()
    let decision = memory.withLockedValue { memory in
      // An Event is named after its object.
      let new = "\(notice.subject.name.prefix(200)).\(String(tag(), radix: 16))"
      return memory.ledger.decide(notice, name: new, at: now)
    }
    do throws(APIError) {
      let stamp = JSONValue.string(Timestamp.text(wallClock()))
      switch decision {
      case .drop: return
      case .create(let name): try await client.create(.events, event(notice, name, at: stamp))
      case .count(let name, let count):
        let key = ObjectKey(namespace: notice.subject.namespace, name: name)
        let change: JSONValue = ["count": .number(JSONNumber(count)), "lastTimestamp": stamp]
        try await client.patch(.events, key, .merge(change))
      }
    } catch {
      memory.withLockedValue { $0.ledger.forget(notice) }
      if error.isCancelled { return }
      logger.info("An Event was not written", metadata: ["reason": "\(notice.reason)", "error": "\(error)"])
    }
  }

  private func event(_ notice: Notice, _ name: String, at stamp: JSONValue) -> JSONValue {
    let subject = notice.subject
    var object: JSONValue = [
      "apiVersion": .string(subject.apiVersion), "kind": .string(subject.kind),
      "namespace": .string(subject.namespace), "name": .string(subject.name),
    ]
    if !subject.uid.isEmpty { object["uid"] = .string(subject.uid) }
    return [
      "apiVersion": "v1",
      "kind": "Event",
      "metadata": ["name": .string(name), "namespace": .string(subject.namespace)],
      "involvedObject": object,
      "type": "Warning",
      "reason": .string(notice.reason),
      "message": .string(notice.message),
      "count": 1,
      "firstTimestamp": stamp,
      "lastTimestamp": stamp,
      "source": ["component": "amesh"],
      "reportingComponent": "apisix.apache.org/amesh",
      "reportingInstance": .string(reporter),
    ]
  }
}
