import ClusterDiagnosis

/// A diagnosis as a person reads it: section by section, and the cure below what is wrong.
struct DiagnosisPrinter {
  let descriptor: Int32

  func text(_ diagnosis: Diagnosis) -> String {
    var lines: [String] = []
    for section in Section.allCases {
      let findings = diagnosis.findings.filter { $0.section == section }
      guard !findings.isEmpty else { continue }
      lines.append(style(.bold, section.rawValue))
      lines += findings.flatMap(text) + [""]
    }
    return (lines + [summary(diagnosis)]).joined(separator: "\n")
  }

  private func text(_ finding: Finding) -> [String] {
    let mark =
      switch finding.level {
      case .ok: style(.green, "✔")
      case .warning: style(.yellow, "!")
      case .failure: style(.red, "✘")
      }
    let cure = finding.cure.map { [style(.dim, "      → \(Self.plain($0))")] } ?? []
    return ["  \(mark) \(Self.plain(finding.text))"] + cure
  }

  /// Objects may say anything, and a terminal is not theirs to steer.
  static func plain(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isSteering($0) ? "\u{FFFD}" : $0 }))
  }

  private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  private func summary(_ diagnosis: Diagnosis) -> String {
    let (warnings, failures) = (diagnosis.count(.warning), diagnosis.count(.failure))
    let counts = "\(diagnosis.count(.ok)) ok, \(warnings) to look at, \(failures) failed"
    if failures > 0 { return style(.red, counts) }
    return warnings > 0 ? style(.yellow, counts) : style(.green, counts)
  }

  private func style(_ style: Style, _ text: String) -> String { style.apply(text, on: descriptor) }
}
