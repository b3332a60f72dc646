/// The answer to an ``AdmissionReview``.
package struct AdmissionResponse: Sendable, Equatable {
  /// Why a request is refused (`metav1.Status`).
  package struct Status: Sendable, Equatable {
    /// An HTTP status code of 400 or more; the API server passes it on.
    package var code: Int
    /// A `metav1.StatusReason` such as `Invalid`.
    package var reason: String
    /// For a person.
    package var message: String

    package init(code: Int, reason: String, message: String) {
      self.code = code
      self.reason = reason
      self.message = message
    }
  }

  /// Nil allows the request.
  package var denial: Status?
  /// RFC 6902, serialised; nil changes nothing. Never sent with a denial.
  package var patch: [UInt8]?
  /// Shown to the client; each is cut to ``maximumWarningLength``, all together to ``maximumWarningBytes``.
  package var warnings: [String]
  /// For the API server's audit log, which prefixes the keys with the webhook's name.
  package var auditAnnotations: [(key: String, value: String)]

  /// Characters; what the API server asks for.
  package static let maximumWarningLength = 120
  /// Beyond 4096 in total, the API server cuts warnings itself.
  package static let maximumWarningBytes = 4096

  package init(
    denial: Status? = nil,
    patch: [UInt8]? = nil,
    warnings: [String] = [],
    auditAnnotations: [(key: String, value: String)] = []
  ) {
    self.denial = denial
    self.patch = patch
    self.warnings = warnings
    self.auditAnnotations = auditAnnotations
  }

  package static func == (left: AdmissionResponse, right: AdmissionResponse) -> Bool {
    left.denial == right.denial && left.patch == right.patch && left.warnings == right.warnings
      && left.auditAnnotations.elementsEqual(right.auditAnnotations, by: ==)
  }

  /// The body that answers `review`: of its version, with its uid.
  package func serialized(for review: AdmissionReview) -> [UInt8] {
    let patch = denial == nil ? patch : nil
    var writer = JSONWriter(reservingCapacity: Base64.length(of: patch?.count ?? 0) + 1024)
    writer.object { writer in
      writer.member("apiVersion", review.version.rawValue)
      writer.member("kind", AdmissionReview.kindName)
      writer.key("response")
      writer.object { writer in
        writer.member("uid", review.uid)
        writer.member("allowed", denial == nil)
        if let denial { Self.write(denial, to: &writer) }
        if let patch {
          writer.member("patchType", "JSONPatch")
          writer.key("patch")
          writer.base64(patch)
        }
        writeWarnings(to: &writer)
        writeAuditAnnotations(to: &writer)
      }
    }
    return writer.bytes
  }

  private static func write(_ denial: Status, to writer: inout JSONWriter) {
    writer.key("status")
    writer.object { writer in
      writer.member("status", "Failure")
      writer.member("message", denial.message)
      writer.member("reason", denial.reason)
      writer.member("code", denial.code)
    }
  }

  private func writeWarnings(to writer: inout JSONWriter) {
    guard !warnings.isEmpty else { return }
    var room = Self.maximumWarningBytes
    writer.key("warnings")
    writer.array { writer in
      for warning in warnings {
        let line = Self.headerText(warning)
        guard line.utf8.count <= room else { return }
        room -= line.utf8.count
        writer.string(line)
      }
    }
  }

  private func writeAuditAnnotations(to writer: inout JSONWriter) {
    guard !auditAnnotations.isEmpty else { return }
    writer.key("auditAnnotations")
    writer.object { writer in
      for (key, value) in auditAnnotations { writer.member(key, value) }
    }
  }

  /// Warnings become HTTP headers: no control characters, and cut with a mark where they are too long.
  private static func headerText(_ warning: String) -> String {
    var line = warning
    if warning.unicodeScalars.contains(where: isControl) {
      line = String(String.UnicodeScalarView(warning.unicodeScalars.map { isControl($0) ? " " : $0 }))
    }
    guard line.utf8.count > maximumWarningLength, line.count > maximumWarningLength else { return line }
    return line.prefix(maximumWarningLength - 1) + "…"
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
  }
}
