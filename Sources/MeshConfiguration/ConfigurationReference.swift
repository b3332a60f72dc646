import KubernetesObjects

/// The list of settings for a person.
package enum ConfigurationReference {
  /// A Markdown table with every key; the README's is this.
  package static var markdown: String {
    let defaults = Configuration()
    var lines = ["| Key | Takes | Default | What it is |", "|---|---|---|---|"]
    for setting in Setting.all {
      let value = setting.value(in: defaults)
      let text = value == .null ? "" : "`\(String(decoding: value.serialized(), as: UTF8.self))`"
      let cells = ["`\(setting.key)`", setting.type, text, setting.documentation]
      lines.append("| \(cells.map(escape).joined(separator: " | ")) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escape(_ cell: String) -> String {
    cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }
}
