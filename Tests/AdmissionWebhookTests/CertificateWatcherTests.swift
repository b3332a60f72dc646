import AdmissionWebhook
import FoundationEssentials
import Logging
import ServingCertificate
import Testing

struct CertificateWatcherTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func make(validity: TimeInterval = 3600) throws -> ServingCertificate {
    try SelfSignedServingCertificate.make(names: ["localhost"], now: Self.now, validity: validity).certificate
  }

  private func write(_ certificate: ServingCertificate, to files: ServingCertificateFiles) throws {
    try certificate.chainPEM.write(toFile: files.chainPath, atomically: true, encoding: .utf8)
    try certificate.keyPEM.write(toFile: files.keyPath, atomically: true, encoding: .utf8)
  }

  @Test func `replacements are served, bad ones are not, and the log says so`() throws {
    try withTemporaryDirectory { path in
      let files = ServingCertificateFiles(directory: path)
      let (first, second, third) = (try make(), try make(), try make())
      try write(first, to: files)
      let store = try ServingCertificateStore(first)
      let log = RecordingLog()
      let metrics = RecordingMetrics()
      let watcher = CertificateWatcher(
        files: files,
        store: store,
        metrics: WebhookMetrics(factory: metrics),
        logger: Logger(label: "test") { _ in log }
      )
      var watch = CertificateWatch()
      let look = { watcher.look(&watch, now: Self.now) }

      look()
      #expect(store.certificate == first)
      #expect(log.levels == [])

      try write(second, to: files)
      look()
      #expect(store.certificate == second)
      #expect(log.levels == [.info])
      #expect(
        metrics.value("amesh_serving_certificate_expiry_seconds") == second.notValidAfter.timeIntervalSince1970
      )

      // Half of a replacement: wait for the other half, then complain, but once.
      try third.chainPEM.write(toFile: files.chainPath, atomically: true, encoding: .utf8)
      for _ in 0..<4 { look() }
      #expect(store.certificate == second)
      #expect(log.levels == [.info, .warning, .error])

      try third.keyPEM.write(toFile: files.keyPath, atomically: true, encoding: .utf8)
      look()
      #expect(store.certificate == third)

      try FileManager.default.removeItem(atPath: files.keyPath)
      for _ in 0..<3 { look() }
      #expect(store.certificate == third)
      #expect(log.levels.suffix(2) == [.warning, .error])

      try write(try make(validity: -1), to: files)
      look()
      #expect(store.certificate == third)
      #expect(log.levels.last == .error)
    }
  }

  @Test func `a certificate from the future is served once its time has come`() throws {
    try withTemporaryDirectory { path in
      let files = ServingCertificateFiles(directory: path)
      let early = try SelfSignedServingCertificate.make(names: ["localhost"], now: Self.now + 1000, validity: 3600)
      try write(early.certificate, to: files)
      let contents = try files.read()
      var watch = CertificateWatch()
      guard case .complain = watch.saw(.success(contents), now: Self.now) else {
        Issue.record("nobody complained")
        return
      }
      #expect(watch.saw(.success(contents), now: Self.now) == .nothing)
      #expect(watch.saw(.success(contents), now: Self.now + 1000) == .serve(early.certificate))
      #expect(watch.saw(.success(contents), now: Self.now + 1000) == .nothing)
    }
  }

  @Test func `a mounted Secret is swapped by its symbolic link`() throws {
    try withTemporaryDirectory { path in
      let (first, second) = (try make(), try make())
      for (name, certificate) in [("one", first), ("two", second)] {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        try write(certificate, to: ServingCertificateFiles(directory: "\(path)/\(name)"))
      }
      let link = "\(path)/..data"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "one")
      let store = try ServingCertificateStore(first)
      let watcher = CertificateWatcher(
        files: ServingCertificateFiles(directory: link),
        store: store,
        metrics: WebhookMetrics(factory: RecordingMetrics()),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      )
      var watch = CertificateWatch()
      watcher.look(&watch, now: Self.now)
      #expect(store.certificate == first)
      try FileManager.default.removeItem(atPath: link)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "two")
      watcher.look(&watch, now: Self.now)
      #expect(store.certificate == second)
    }
  }

  @Test func `certificates of our own are renewed before the files are looked at`() throws {
    try withTemporaryDirectory { path in
      let directory = ServingCertificateDirectory(path: path, names: ["localhost"], validity: 3600)
      let first = try directory.loadOrMake(now: Self.now)
      let store = try ServingCertificateStore(first)
      let later = Self.now + 3000
      let watcher = CertificateWatcher(
        files: directory.files,
        store: store,
        metrics: WebhookMetrics(factory: RecordingMetrics()),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        renew: { _ = try directory.loadOrMake(now: later) }
      )
      var watch = CertificateWatch()
      watcher.look(&watch, now: later)
      #expect(store.certificate != first)
      #expect(store.certificate.isValid(at: later + 3000))
    }
  }
}
